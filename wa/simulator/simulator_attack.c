/* simulator_attack.c: what would harm a client that trusts its server; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include <zlib.h>

#define GARBAGE_SIZE 4096
#define NESTED_DEPTH 20000
#define BOMB_SIZE (64u << 20)
#define BOMBS 16
#define ENDLESS_BEGINS (1u << 20)

static void put_noise(struct sim *sim, struct buf *out, size_t size)
{
	sim_random(sim, buf_space(out, size), size);
}

static void send_sealed(struct sim_conn *c, bytes plain)
{
	struct buf frame = buf_in(c->sim->arena, plain.len + GCM_TAG_SIZE + FRAME_HEADER_SIZE);

	frame_write_header(&frame, plain.len + GCM_TAG_SIZE);
	if (cipher_seal(&c->send, plain, &frame))
		c->sim->config.send(c->conn, buf_bytes(&frame));
}

static void send_garbage(struct sim_conn *c)
{
	struct buf plain = buf_in(c->sim->arena, GARBAGE_SIZE + 1);

	buf_byte(&plain, 0);
	put_noise(c->sim, &plain, GARBAGE_SIZE);
	send_sealed(c, buf_bytes(&plain));
}

/* Each is a node of two: a tag, and a list of one. */
static void send_nested(struct sim_conn *c)
{
	static const uint8_t level[] = { 0xf8, 2, 3, 0xf8, 1 };
	struct buf plain = buf_in(c->sim->arena, NESTED_DEPTH * sizeof level + 1);

	buf_byte(&plain, 0);
	for (size_t i = 0; i < NESTED_DEPTH; i++)
		buf_put(&plain, level, sizeof level);
	send_sealed(c, buf_bytes(&plain));
}

static bytes bomb_of(struct arena *arena)
{
	unsigned long size = compressBound(BOMB_SIZE);
	struct buf out = buf_in(arena, size + 1);
	uint8_t *zeros = arena_alloc(arena, BOMB_SIZE);

	buf_byte(&out, 2);
	if (compress(buf_space(&out, size), &size, zeros, BOMB_SIZE) != Z_OK)
		size = 0;
	return (bytes){ out.ptr, size + 1 };
}

/* All in one message: what is taken together is inflated together. */
static void send_bombs(struct sim_conn *c)
{
	bytes bomb = bomb_of(c->sim->arena);
	size_t frame = bomb.len + GCM_TAG_SIZE + FRAME_HEADER_SIZE;
	struct buf all = buf_in(c->sim->arena, BOMBS * frame);

	for (size_t i = 0; i < BOMBS; i++) {
		frame_write_header(&all, bomb.len + GCM_TAG_SIZE);
		if (!cipher_seal(&c->send, bomb, &all))
			return;
	}
	c->sim->config.send(c->conn, buf_bytes(&all));
}

/* A frame that says it is `size` long, and of it `begins` octets of noise. */
static void send_noise(struct sim_conn *c, size_t size, size_t begins)
{
	struct buf frame = buf_in(c->sim->arena, begins + FRAME_HEADER_SIZE);

	frame_write_header(&frame, size);
	put_noise(c->sim, &frame, begins);
	c->sim->config.send(c->conn, buf_bytes(&frame));
}

static const char *const names[SIM_ATTACKS] = { "garbage", "nested", "bombs", "bad_mac", "giant",
	"endless" };

const char *sim_attack_name(enum sim_attack how)
{
	return names[how];
}

static void send_attack(struct sim_conn *c, enum sim_attack how)
{
	switch (how) {
	case SIM_ATTACK_GARBAGE:
		send_garbage(c);
		break;
	case SIM_ATTACK_NESTED:
		send_nested(c);
		break;
	case SIM_ATTACK_BOMBS:
		send_bombs(c);
		break;
	case SIM_ATTACK_BAD_MAC:
		send_noise(c, GARBAGE_SIZE, GARBAGE_SIZE);
		break;
	case SIM_ATTACK_GIANT:
		send_noise(c, FRAME_MAX, FRAME_MAX);
		break;
	case SIM_ATTACK_ENDLESS:
		send_noise(c, FRAME_MAX, ENDLESS_BEGINS);
		break;
	case SIM_ATTACKS:
		break;
	}
}

enum err sim_attack(struct sim *sim, str phone, uint16_t device, enum sim_attack how)
{
	struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);

	if (!d || !d->conn)
		return ERR_MISSING;
	sim_begin(sim, sim->now_ms);
	send_attack(d->conn, how);
	sim_end(sim);
	return OK;
}
