/*
 * channel_proof.c: POST /channels/{id}/test, in four steps that are done for real.
 *
 * The first two ask the provider; the others call our own public address as the provider would:
 * with the handshake (where it has one), then with a proven event that tells nothing. So a wrong
 * public URL, a proxy that eats headers or a firewall shows here.
 */
#include "account/channel.h"
#include "api/handlers.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"

#define STEP_DEADLINE_MS 10000
#define CHALLENGE_SIZE 9
#define REACH                                                                                    \
	"Set public_url to the address under which the internet reaches this server, and check " \
	"proxy and firewall."

struct step {
	const char *name;
	bool ok, is_skipped; /* skipped: the provider has no such thing */
	str detail, next_step;
};

enum { TOKEN, NUMBER, WEBHOOK_VERIFY, WEBHOOK_EVENT, STEPS };

static void good(struct step *step, str detail)
{
	step->ok = true;
	step->detail = detail;
}

static void bad(struct step *step, str detail, str next_step)
{
	step->detail = detail;
	step->next_step = next_step;
}

static str token_words(struct job *job, const struct provider_health *health)
{
	int64_t left = health->token_expires_ms - job->now_ms;

	if (!health->token_expires_ms)
		return S("The provider accepts the access token; it tells of no end of it.");
	return arena_printf(job->arena,
		"The provider accepts the access token. It expires in %lld days.",
		(long long)(left / (24 * 3600 * 1000LL)));
}

/* "It is +1 555 …, named …, with the quality GREEN." */
static str number_words(struct job *job, const struct provider_health *health)
{
	struct buf b = buf_in(job->arena, 1024);

	buf_printf(&b, "It is +" STR_F, STR_A(health->phone));
	if (health->verified_name.len)
		buf_printf(&b, ", named " STR_F, STR_A(health->verified_name));
	if (health->quality.len)
		buf_printf(&b, ", with the quality " STR_F, STR_A(health->quality));
	buf_str(&b, S("."));
	return buf_text(&b);
}

/* The provider tells the number's digits only to a token that may see them. */
static enum err ask_provider(struct job *job, id64 id, struct step *token, struct step *number)
{
	struct provider_health health;
	enum err e = channel_check(job, id, &health);
	str facts;

	if (e != OK && e != ERR_UPSTREAM && e != ERR_TIMEOUT && e != ERR_UNSUPPORTED &&
		e != ERR_DENIED)
		return e;
	if (e != OK) {
		bad(token, job->why,
			S("Check that this server reaches the provider, then test again."));
		bad(number, S("Not asked, because the provider could not be reached."), STR_NONE);
		job_forgive(job);
		return OK;
	}
	if (health.phone.len == 0 && !health.ok) {
		bad(token, health.sentence, health.next_step);
		bad(number, S("Not known, because the provider did not tell it."), STR_NONE);
		return OK;
	}
	good(token, token_words(job, &health));
	facts = number_words(job, &health);
	*number = (struct step){ .name = number->name,
		.ok = health.ok,
		.detail = arena_printf(job->arena, STR_F " " STR_F, STR_A(health.sentence),
			STR_A(facts)),
		.next_step = health.next_step };
	return OK;
}

/* Calls ourselves; the step gets the failure when it cannot. */
static bool call_us(struct job *job, const struct http_call *call, struct step *step,
	struct http_reply *reply)
{
	if (http_call(job, call, reply) == OK)
		return true;
	bad(step,
		arena_printf(job->arena, "Our own webhook address could not be called: " STR_F,
			STR_A(job->why)),
		S(REACH));
	job_forgive(job);
	return false;
}

static void verify_webhook(struct job *job, const struct channel *ch, struct step *step)
{
	str challenge = crypto_random_text(job->arena, CHALLENGE_SIZE);
	struct buf url = buf_in(job->arena, HTTP_TARGET_MAX);
	struct http_reply reply;

	buf_str(&url, channel_webhook_url(job->arena, ch));
	buf_str(&url, S("?hub.mode=subscribe&hub.challenge="));
	percent_write(&url, challenge);
	buf_str(&url, S("&hub.verify_token="));
	percent_write(&url, ch->verify_token);
	/* Private addresses are fine: it is our own address, from the settings. */
	if (!call_us(job,
		    &(struct http_call){ .method = HTTP_GET,
			    .url = buf_text(&url),
			    .deadline_ms = STEP_DEADLINE_MS,
			    .allow_private = true },
		    step, &reply))
		return;
	if (reply.status == 200 && str_is(str_from(reply.body), challenge))
		good(step, S("The handshake with the verify token works."));
	else
		bad(step,
			arena_printf(job->arena,
				"The handshake was answered with status %d instead of its "
		                "challenge.",
				reply.status),
			S(REACH));
}

struct http_call channel_webhook_call(struct job *job, const struct channel *ch,
	const struct webhook_proof *proof)
{
	struct header *headers = ARENA_ARRAY(job->arena, struct header, PROOF_HEADERS_MAX + 1);
	str url = channel_webhook_url(job->arena, ch);

	headers[0] = (struct header){ S("Content-Type"), S("application/json") };
	for (size_t i = 0; i < proof->header_count; i++)
		headers[i + 1] = proof->headers[i];
	if (proof->query.len)
		url = arena_printf(job->arena, STR_F "?" STR_F, STR_A(url), STR_A(proof->query));
	/* Private addresses are fine: it is our own address, from the settings. */
	return (struct http_call){ .method = HTTP_POST,
		.url = url,
		.headers = headers,
		.header_count = proof->header_count + 1,
		.body = bytes_of(proof->body),
		.deadline_ms = STEP_DEADLINE_MS,
		.allow_private = true };
}

static void send_event(struct job *job, const struct channel *ch, struct step *step)
{
	struct webhook_proof proof;
	struct http_reply reply;
	struct http_call call;

	if (provider_prove(job, ch, STR_NONE, &proof) != OK) {
		step->is_skipped = true;
		job_forgive(job);
		return;
	}
	call = channel_webhook_call(job, ch, &proof);
	if (!call_us(job, &call, step, &reply))
		return;
	if (reply.status == 200)
		good(step, S("A signed event arrives and is stored."));
	else
		bad(step,
			arena_printf(job->arena, "A signed event was answered with status %d.",
				reply.status),
			S(REACH));
}

static void write_steps(struct buf *out, const struct step steps[STEPS])
{
	bool ok = true;

	for (int i = 0; i < STEPS; i++)
		ok &= steps[i].ok || steps[i].is_skipped;
	json_open(out, '{');
	json_put_bool(out, "ok", ok);
	json_open_in(out, "steps", '[');
	for (int i = 0; i < STEPS; i++) {
		if (steps[i].is_skipped)
			continue;
		json_open(out, '{');
		json_put(out, "name", str_of(steps[i].name));
		json_put_bool(out, "ok", steps[i].ok);
		json_put(out, "detail", steps[i].detail.ptr ? steps[i].detail : S(""));
		json_put(out, "next_step", steps[i].next_step.len ? steps[i].next_step : STR_NONE);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

enum err channels_test(struct job *job, const struct request *req, struct response *res)
{
	struct step steps[STEPS] = { [TOKEN] = { .name = "token" }, [NUMBER] = { .name = "number" },
				     [WEBHOOK_VERIFY] = { .name = "webhook_verify" },
				     [WEBHOOK_EVENT] = { .name = "webhook_event" } };
	struct channel *ch;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_get(job, id, &ch));
	TRY(ask_provider(job, id, &steps[TOKEN], &steps[NUMBER]));
	if (ch->provider->handshake)
		verify_webhook(job, ch, &steps[WEBHOOK_VERIFY]);
	else
		steps[WEBHOOK_VERIFY].is_skipped = true;
	send_event(job, ch, &steps[WEBHOOK_EVENT]);
	write_steps(reply_json(res, 200), steps);
	return OK;
}
