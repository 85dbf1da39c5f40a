/*
 * simulator_queue.c: what goes to a device, and what waits for it; see simulator.h.
 *
 * A stanza that must arrive stands in the device's queue, as octets, from when it is posted until
 * the device acknowledges it; at each login what is left goes out again, in its order. Doubles are
 * the client's to see.
 */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

#define QUEUE_MAX 20000 /* of a device; then the oldest goes */

struct node *sim_notification(struct sim *sim, const struct jid *from, const char *type)
{
	struct node *note = node_new(sim->arena, "notification");

	node_put_jid(sim->arena, note, "from", from);
	node_put(sim->arena, note, "type", str_of(type));
	node_put_int(sim->arena, note, "id", ++sim->next_id);
	node_put_int(sim->arena, note, "t", sim->now_ms / 1000);
	return note;
}

static struct sim_item *pack(struct sim *sim, const struct node *node, char tag)
{
	struct sim_item *item;

	buf_clear(&sim->plain);
	stanza_write(&sim->plain, node);
	item = heap_alloc(sizeof *item + sim->plain.len);
	item->len = sim->plain.len;
	item->tag = tag;
	memcpy(item->octets, sim->plain.ptr, sim->plain.len);
	snprintf(item->id, sizeof item->id, STR_F, STR_A(node_text(sim->arena, node, "id")));
	return item;
}

/* ---- a phone that is played ---- */

static void play_later(struct sim_phone *phone, struct sim_item *item)
{
	struct sim *sim = phone->sim;

	if (!phone->inbox) {
		if (sim->ready_count == sim->ready_cap) {
			sim->ready_cap = sim->ready_cap ? 2 * sim->ready_cap : 16;
			sim->ready = heap_grow(sim->ready,
				sim->ready_cap * sizeof(struct sim_phone *));
		}
		sim->ready[sim->ready_count++] = phone;
	}
	*phone->inbox_end = item;
	phone->inbox_end = &item->next;
}

bool sim_play(struct sim *sim)
{
	struct sim_phone *phone;
	struct sim_item *item;
	struct node node;
	const char *why;

	if (!sim->ready_count)
		return false;
	phone = sim->ready[0];
	item = phone->inbox;
	phone->inbox = item->next;
	if (!phone->inbox) {
		phone->inbox_end = &phone->inbox;
		memmove(sim->ready, sim->ready + 1,
			--sim->ready_count * sizeof(struct sim_phone *));
	}
	if (stanza_read(sim->arena, (bytes){ item->octets, item->len }, &node, &why) == OK)
		sim->config.play(sim->config.arg, phone->player, &node);
	heap_free(item);
	return true;
}

static bool is_played(const struct sim_device *d)
{
	return d->number == 0 && d->phone->player;
}

/* ---- sending ---- */

void sim_device_answer(struct sim_device *d, const struct node *node)
{
	if (d->conn)
		sim_conn_send(d->conn, node);
	else if (is_played(d))
		play_later(d->phone, pack(d->phone->sim, node, 0));
}

void sim_device_tell(struct sim_device *d, const struct node *node)
{
	if (d->is_active || is_played(d))
		sim_device_answer(d, node);
}

void sim_device_post(struct sim_device *d, const struct node *node)
{
	struct sim *sim = d->phone->sim;

	if (d->number == 0 && !d->phone->player)
		return;         /* nobody will ever take it */
	if (d->queued == QUEUE_MAX)
		sim_device_has(d, d->queue->tag, str_of(d->queue->id));
	*d->queue_end = pack(sim, node, (char)(node->tag.len ? node->tag.ptr[0] : '?'));
	d->queue_end = &(*d->queue_end)->next;
	d->queued++;
	sim->changes++;
	if (!d->phone->is_off || d->number)
		sim_device_tell(d, node);
}

void sim_phone_post(struct sim_phone *phone, const struct sim_device *except,
	const struct node *node)
{
	struct sim_device *devices[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(phone, devices);

	for (size_t i = 0; i < count; i++)
		if (devices[i] != except)
			sim_device_post(devices[i], node);
}

void sim_phone_tell(struct sim_phone *phone, const struct sim_device *except,
	const struct node *node)
{
	struct sim_device *devices[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(phone, devices);

	for (size_t i = 0; i < count; i++)
		if (devices[i] != except)
			sim_device_tell(devices[i], node);
}

/* ---- what waits ---- */

void sim_device_has(struct sim_device *d, char tag, str id)
{
	struct sim_item **at = &d->queue, *item;

	while (*at && !((*at)->tag == tag && str_is(str_of((*at)->id), id)))
		at = &(*at)->next;
	item = *at;
	if (!item)
		return;
	*at = item->next;
	if (!item->next)
		d->queue_end = at;
	heap_free(item);
	d->queued--;
	d->phone->sim->changes++;
}

void sim_device_queue_clear(struct sim_device *d)
{
	while (d->queue)
		sim_device_has(d, d->queue->tag, str_of(d->queue->id));
}

size_t sim_device_drain(struct sim_device *d)
{
	struct sim *sim = d->phone->sim;
	size_t count = 0;

	for (struct sim_item *item = d->queue; item; item = item->next) {
		struct node node;
		const char *why;

		if (stanza_read(sim->arena, (bytes){ item->octets, item->len }, &node, &why) != OK)
			continue;
		node_put_int(sim->arena, &node, "offline", (int64_t)count++);
		sim_device_answer(d, &node);
	}
	return count;
}
