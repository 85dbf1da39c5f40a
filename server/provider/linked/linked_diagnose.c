/*
 * linked_diagnose.c: what stands in the way of a number, step by step.
 *
 * One connection is opened on the side, as the number itself does, and closed again before anything
 * is said on it: so it shows the way to the network and disturbs nobody.
 */
#include "provider/linked/linked_internal.h"

#include "base/clock.h"

#define PROBE_MS 10000

struct probe {
	struct ws_client_config config;
	pthread_cond_t done;
	bool is_open, is_done;
	char why[128];
};

static void finish(struct probe *p)
{
	linked_lock();
	p->is_done = true;
	pthread_cond_signal(&p->done);
	linked_unlock();
}

static void on_open(struct ws *ws, void *owner)
{
	struct probe *p = owner;

	p->is_open = true;
	ws_close(ws, 1000, S(""));
}

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	(void)ws, (void)owner, (void)is_text, (void)message;
}

static void on_close(struct ws *ws, void *owner, int code, str reason)
{
	struct probe *p = owner;
	str part = str_part(reason, 0, sizeof p->why - 1);

	(void)ws, (void)code;
	if (part.len)
		memcpy(p->why, part.ptr, part.len);
	finish(p);
}

static void begin(void *arg)
{
	struct probe *p = arg;

	if (ws_connect(linked_manager.host.loop, &p->config) != OK) {
		memcpy(p->why, "The address is no WebSocket address.", 37);
		finish(p);
	}
}

/* From OK of ws_connect on there is exactly one on_close, after connect_timeout_ms at the latest.
 */
static void run_probe(const struct channel *ch, str proxy, struct probe *p)
{
	static const struct ws_events events = { on_message, on_close, NULL };

	p->config = (struct ws_client_config){ .url = ch->base_url.len ? ch->base_url
								       : S(LINKED_URL_DEFAULT),
		.events = &events,
		.on_open = on_open,
		.owner = p,
		.connect_timeout_ms = PROBE_MS,
		.allow_private = ch->allow_private,
		.proxy = proxy };
	clock_cond_init(&p->done);
	loop_post(linked_manager.host.loop, begin, p);
	linked_lock();
	while (!p->is_done)
		pthread_cond_wait(&p->done, &linked_manager.lock);
	linked_unlock();
	pthread_cond_destroy(&p->done);
}

struct findings {
	struct job *job;
	struct linked_finding *out;
	size_t *count;
};

static void add(struct findings *f, bool is_ok, const char *step, str sentence, str next_step)
{
	f->out[(*f->count)++] = (struct linked_finding){ .step = str_of(step),
		.is_ok = is_ok,
		.sentence = sentence,
		.next_step = is_ok ? S("") : next_step };
}

static void look_at_network(struct findings *f, const struct channel *ch)
{
	struct probe probe = { 0 };
	json config = NULL;
	int64_t began = clock_monotonic_us();
	str proxy = STR_NONE;

	if (json_read(f->job->arena, ch->config, &config, NULL) == OK)
		proxy = json_text_at(config, "proxy");
	run_probe(ch, proxy, &probe);
	add(f, probe.is_open, "network",
		probe.is_open ? S("WhatsApp's server can be reached.")
			      : arena_str(f->job->arena, str_of(probe.why)),
		proxy.len ? S("Look at the proxy of the number, and at the server's network.")
			  : S("Look at the server's network, its DNS and its firewall."));
	f->out[*f->count - 1].took_ms = (clock_monotonic_us() - began) / 1000;
}

static void look_at_number(struct findings *f, const struct linked_number *number)
{
	bool is_alive = number->proof.silence_ms >= 0 && number->proof.silence_ms <= 90000;

	add(f, number->is_paired, "pairing",
		number->is_paired ? S("The number is paired with a phone.")
				  : S("The number is not paired with a phone."),
		S("Pair it: open WhatsApp on the phone, Linked devices, and scan the code."));
	add(f, number->is_wanted || !number->is_paired, "wanted",
		number->is_wanted ? S("It shall be connected.") : S("It was disconnected here."),
		S("Press Reconnect."));
	add(f, number->node < 0 || number->node == linked_manager.host.node, "holder",
		arena_printf(f->job->arena, "Server %lld holds it.",
			(long long)(number->node < 0 ? linked_manager.host.node : number->node)),
		S("Ask that server, or stop it: this one takes over soon."));
	add(f, number->state == LINKED_CONNECTED, "login",
		number->state == LINKED_CONNECTED ? S("It is logged in.")
		: number->sentence.len		  ? number->sentence
						  : S("It is not logged in."),
		number->next_step.len ? number->next_step : S("Press Reconnect."));
	add(f, is_alive, "proof",
		is_alive ? S("Something was deciphered within the last 90 seconds.")
			 : S("Nothing was deciphered for more than 90 seconds."),
		S("Wait for the next connection, or press Reconnect."));
	add(f, number->record_bytes < 10 << 20, "records",
		arena_printf(f->job->arena, "Its keys take %lld kB.",
			(long long)(number->record_bytes / 1024)),
		S("Tell the makers of Parley: it should be less than 10 MB."));
}

enum err linked_diagnose(struct job *job, id64 channel, struct linked_finding *out, size_t *count)
{
	struct findings f = { job, out, count };
	struct linked_number number;
	struct linked_version version;
	struct channel *ch;

	*count = 0;
	TRY(linked_get(job, channel, &number));
	TRY(linked_manager.host.channel(job, channel, &ch));
	look_at_network(&f, ch);
	TRY(linked_version(job, &version));
	add(&f, !str_is(number.reason, S("client_outdated")), "version",
		arena_printf(job->arena, "The client is version " STR_F ".",
			STR_A(version.current)),
		S("Set a newer client version, or update Parley."));
	look_at_number(&f, &number);
	return OK;
}
