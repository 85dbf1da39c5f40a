/*
 * linked_event.c: what wa/ tells in a turn: rows of the number, raw events, answers to those who
 * wait.
 *
 * A message, receipt or the like becomes a raw event in the very transaction that moved the
 * ratchets: JSON of our own, which linked_parse.c reads. What it says is taken apart later, so that
 * a body that cannot be read yet is kept, and read by a newer version.
 */
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"

#include "base/codec.h"
#include "base/log.h"
#include "provider/linked/history.h"
#include "provider/linked/sync.h"
#include "wa/client/appstate.h"
#include "wa/client/media_host.h"

#define ENVELOPE_MAX (3u << 20)
/* Canary: of so many messages, this share could not be deciphered; said so often at most. */
#define CANARY_MESSAGES 20
#define CANARY_PERCENT 20
#define CANARY_EVERY_MS 3600000

/* ---- raw events ---- */

static void put_jid(struct buf *b, struct arena *arena, const char *key, const struct jid *jid)
{
	if (jid->server.len)
		json_put(b, key, jid_text(arena, jid));
}

struct buf linked_raw_begin(struct turn *turn, const char *kind, size_t size_max)
{
	struct buf b = buf_in(turn->job->arena, size_max);

	json_open(&b, '{');
	json_put(&b, "kind", str_of(kind));
	return b;
}

enum err linked_raw_put(struct turn *turn, struct buf *b)
{
	json_close(b, '}');
	if (b->failed)
		return fail(turn->job, ERR_LIMIT, "an event of a linked number is too large");
	turn->put_events = true;
	return linked_manager.host.put_event(turn->job, turn->n->channel, buf_text(b));
}

static enum err put_message(struct turn *turn, const struct wa_message *m)
{
	struct arena *arena = turn->job->arena;
	struct buf b = linked_raw_begin(turn, "message", ENVELOPE_MAX);

	json_put(&b, "id", m->id);
	put_jid(&b, arena, "chat", &m->chat);
	put_jid(&b, arena, "sender", &m->sender);
	put_jid(&b, arena, "other", &m->other);
	json_put_ms(&b, "t_ms", m->t_ms);
	json_put_bool(&b, "from_me", m->is_from_me);
	json_put_bool(&b, "offline", m->is_offline);
	json_put_bool(&b, "view_once", m->is_view_once);
	json_put_bool(&b, "ephemeral", m->is_ephemeral);
	json_put_bool(&b, "waiting", m->is_waiting);
	if (m->unavailable.len)
		json_put(&b, "unavailable", m->unavailable);
	if (m->push_name.len)
		json_put(&b, "push_name", m->push_name);
	if (m->target_secret.len) {
		json_put(&b, "target_secret", base64_text(arena, m->target_secret));
		put_jid(&b, arena, "target_author", &m->target_author[0]);
		put_jid(&b, arena, "target_author_other", &m->target_author[1]);
		put_jid(&b, arena, "author", &m->author[0]);
		put_jid(&b, arena, "author_other", &m->author[1]);
	}
	if (m->plain.len)
		json_put(&b, "message", base64_text(arena, m->plain));
	linked_lock();
	linked_manager.figures.received++;
	linked_manager.figures.undeciphered += m->is_waiting;
	linked_unlock();
	return linked_raw_put(turn, &b);
}

static enum err put_receipt(struct turn *turn, const struct wa_receipt *r)
{
	static const char *const kinds[] = { [WA_DELIVERED] = "delivered",
		[WA_READ] = "read",
		[WA_PLAYED] = "played",
		[WA_READ_SELF] = "read_self",
		[WA_PLAYED_SELF] = "played_self" };
	struct buf b = linked_raw_begin(turn, "receipt", ENVELOPE_MAX);

	json_put(&b, "receipt", str_of(kinds[r->kind]));
	put_jid(&b, turn->job->arena, "chat", &r->chat);
	put_jid(&b, turn->job->arena, "who", &r->who);
	json_put_ms(&b, "t_ms", r->t_ms);
	json_open_in(&b, "ids", '[');
	for (size_t i = 0; i < r->count; i++)
		json_put(&b, NULL, r->ids[i]);
	json_close(&b, ']');
	return linked_raw_put(turn, &b);
}

static bool somebody_waits(struct linked *n, const struct wa_sent *sent)
{
	bool waits = false;

	linked_lock();
	for (struct linked_waiter *w = n->waiters; w && !waits; w = w->next)
		waits = w->id && !w->wants_media && str_is(sent->id, str_of(w->id));
	linked_unlock();
	return waits;
}

/* An answer that nobody waits for any more settles the message all the same. */
static enum err put_sent(struct turn *turn, const struct wa_sent *sent)
{
	struct buf b;

	linked_lock();
	linked_count(turn->n, sent->code ? turn->n->view.failed : turn->n->view.sent,
		turn->clock.wall_ms);
	if (sent->code)
		linked_count(turn->n, turn->n->view.sent, turn->clock.wall_ms);
	linked_manager.figures.sent += !sent->code;
	linked_manager.figures.send_failed += sent->code != 0;
	linked_unlock();
	if (sent->is_unsure || somebody_waits(turn->n, sent))
		return OK;
	b = linked_raw_begin(turn, "sent", ENVELOPE_MAX);
	json_put(&b, "id", sent->id);
	json_put_int(&b, "code", sent->code);
	json_put_ms(&b, "t_ms", sent->t_ms);
	return linked_raw_put(turn, &b);
}

static enum err put_known(struct turn *turn, const struct wa_known *known)
{
	struct buf b = linked_raw_begin(turn, "known", ENVELOPE_MAX);

	put_jid(&b, turn->job->arena, "lid", &known->lid);
	put_jid(&b, turn->job->arena, "pn", &known->pn);
	return linked_raw_put(turn, &b);
}

static enum err put_identity(struct turn *turn, const struct jid *who)
{
	struct buf b = linked_raw_begin(turn, "identity", ENVELOPE_MAX);

	put_jid(&b, turn->job->arena, "who", who);
	json_put_ms(&b, "t_ms", turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

enum err linked_notice(struct turn *turn, const char *severity, const struct linked_reason *why)
{
	struct buf b = linked_raw_begin(turn, "notice", ENVELOPE_MAX);

	json_put(&b, "severity", str_of(severity));
	if (strcmp(why->code, "restricted") == 0)
		json_put(&b, "field", S("restriction"));
	json_put(&b, "code", str_of(why->code));
	json_put(&b, "sentence", str_of(why->sentence));
	json_put(&b, "next_step", str_of(why->next_step));
	json_put_ms(&b, "t_ms", turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

/* Many messages that cannot be deciphered at first: the protocol may have changed. */
static enum err watch_canary(struct turn *turn, bool is_waiting)
{
	static const struct linked_reason why = { "undecipherable",
		"Many messages to this number cannot be deciphered: WhatsApp may have changed its "
		"protocol.",
		"Look for an update of Parley, or set a newer client version." };
	struct linked *n = turn->n;
	bool speaks;

	n->received++;
	n->undeciphered += is_waiting;
	if (n->received < CANARY_MESSAGES)
		return OK;
	speaks = n->undeciphered * 100 >= n->received * CANARY_PERCENT &&
		 turn->clock.wall_ms - n->canary_ms >= CANARY_EVERY_MS;
	n->received = n->undeciphered = 0;
	if (!speaks)
		return OK;
	n->canary_ms = turn->clock.wall_ms;
	log_warn("linked: channel %lld: many messages could not be deciphered",
		(long long)n->channel);
	return linked_notice(turn, "critical", &why);
}

/* ---- the number itself ---- */

enum err linked_note_device(struct turn *turn)
{
	const struct device *d = wa_link_device(turn->n->link);
	struct channel *ch;
	bytes name = BYTES_NONE;
	str push_name = wa_text_of(&d->push_name);

	if (push_name.len)
		TRY(linked_manager.host.seal(turn->job, push_name, &name));
	TRY(sql_linked_number_set_paired(turn->job,
		&(struct sql_linked_number_set_paired){ .channel = turn->n->channel,
			.paired = 1,
			.phone = wa_text_of(&d->pn.user),
			.lid = wa_text_of(&d->lid.user),
			.push_name_sealed = name,
			.platform = wa_text_of(&d->platform),
			.paired_ms = turn->clock.wall_ms },
		NULL));
	TRY(linked_turn_channel(turn, &ch));
	turn->n->is_paired = true;
	turn->changed = true;
	return linked_manager.host.set_phone(turn->job, ch, wa_text_of(&d->pn.user));
}

static enum err take_paired(struct turn *turn)
{
	TRY(linked_note_device(turn));
	TRY(sql_linked_number_set_wanted(turn->job,
		&(struct sql_linked_number_set_wanted){ turn->n->channel, 1, turn->clock.wall_ms },
		NULL));
	TRY(linked_history_paired(turn));
	log_info("linked: channel %lld is paired", (long long)turn->n->channel);
	return linked_move(turn, LINKED_AUTHENTICATING, NULL);
}

static enum err take_logged_out(struct turn *turn)
{
	turn->n->is_paired = false;
	turn->changed = true;
	TRY(sql_channel_label_forget(turn->job,
		&(struct sql_channel_label_forget){ turn->n->channel }, NULL));
	TRY(sql_linked_record_erase_all(turn->job,
		&(struct sql_linked_record_erase_all){ turn->n->channel }, NULL));
	TRY(sql_linked_number_set_wanted(turn->job,
		&(struct sql_linked_number_set_wanted){ turn->n->channel, 0, turn->clock.wall_ms },
		NULL));
	/* The phone stays shown: it is the one to pair again. */
	return sql_linked_number_unpair(turn->job,
		&(struct sql_linked_number_unpair){ turn->n->channel }, NULL);
}

static enum err take_qr(struct turn *turn, const struct wa_event *event)
{
	struct linked_view *v = &turn->n->view;
	char *copy = heap_alloc(event->text.len + 1);

	memcpy(copy, event->text.ptr, event->text.len);
	linked_lock();
	heap_free(v->qr);
	v->qr = copy;
	v->qr_until_ms = turn->clock.wall_ms + event->valid_ms;
	linked_unlock();
	turn->changed = true;
	return linked_move(turn, LINKED_QR, NULL);
}

static enum err take_code(struct turn *turn, const struct wa_event *event)
{
	struct linked_view *v = &turn->n->view;
	str code = str_part(event->text, 0, sizeof v->code - 1);

	linked_lock();
	memcpy(v->code, code.ptr, code.len);
	v->code[code.len] = 0;
	v->code_until_ms = turn->clock.wall_ms + WA_CODE_MS;
	linked_unlock();
	turn->changed = true;
	return OK;
}

static enum err take_offline(struct turn *turn, int64_t count)
{
	linked_lock();
	turn->n->view.waiting = count > 0 ? count : 0;
	if (count < 0)
		turn->n->view.complete_ms = turn->clock.wall_ms;
	linked_unlock();
	turn->changed = true;
	if (count >= 0)
		return OK;
	return sql_linked_number_set_complete(turn->job,
		&(struct sql_linked_number_set_complete){ turn->n->channel, turn->clock.wall_ms },
		NULL);
}

static void take_proof(struct turn *turn)
{
	linked_lock();
	turn->n->view.last_seen_ms = turn->clock.wall_ms;
	turn->n->is_proof_due = true;
	linked_unlock();
}

static enum err take_event(struct turn *turn, const struct wa_event *event)
{
	switch (event->kind) {
	case WA_EVENT_STATE:
		return linked_take_state(turn, event);
	case WA_EVENT_QR:
		return take_qr(turn, event);
	case WA_EVENT_CODE:
		return take_code(turn, event);
	case WA_EVENT_PAIRED:
		return take_paired(turn);
	case WA_EVENT_LOGGED_OUT:
		return take_logged_out(turn);
	case WA_EVENT_OFFLINE:
		return take_offline(turn, event->count);
	case WA_EVENT_PROOF:
		take_proof(turn);
		return OK;
	case WA_EVENT_MESSAGE:
		TRY(watch_canary(turn, event->message->is_waiting));
		return put_message(turn, event->message);
	case WA_EVENT_RECEIPT:
		return put_receipt(turn, event->receipt);
	case WA_EVENT_SENT:
		return put_sent(turn, event->sent);
	case WA_EVENT_KNOWN:
		return put_known(turn, event->known);
	case WA_EVENT_IDENTITY:
		return put_identity(turn, event->who);
	case WA_EVENT_HISTORY:
		return linked_history_take(turn, event->history);
	case WA_EVENT_FETCH:
		linked_history_fetch(turn->n, &event->fetch->file, event->fetch->number);
		return OK;
	case WA_EVENT_SYNC:
		return linked_sync_take(turn, event->sync);
	case WA_EVENT_GROUP:
	case WA_EVENT_CONTACT:
	case WA_EVENT_CALL:
	case WA_EVENT_RESTRICTED:
		return linked_put_people(turn, event);
	case WA_EVENT_ANSWER:
	case WA_EVENT_STANZA:
	case WA_EVENT_TYPING:
	case WA_EVENT_PRESENCE:
	case WA_EVENT_MEDIA:
		break;
	}
	return OK;
}

enum err linked_take_events(struct turn *turn)
{
	for (const struct wa_event *event = turn->out.events; event; event = event->next)
		TRY(take_event(turn, event));
	return OK;
}

/* ---- those who wait ---- */

static void take_media(struct linked_waiter *w, const struct wa_media_told *told)
{
	w->is_done = true;
	w->is_gone = told->is_gone || told->nonce.len != sizeof w->nonce;
	if (w->is_gone)
		return;
	memcpy(w->nonce, told->nonce.ptr, sizeof w->nonce);
	buf_put(&w->answer, told->sealed.ptr, told->sealed.len);
}

/* With the lock held. */
static void tell_waiter(struct linked_waiter *w, const struct wa_event *event)
{
	if (w->is_done)
		return;
	if (event->kind == WA_EVENT_MEDIA && w->wants_media &&
		str_is(event->media->id, str_of(w->id)))
		take_media(w, event->media);
	if (event->kind == WA_EVENT_SENT && w->id && !w->wants_media &&
		str_is(event->sent->id, str_of(w->id))) {
		w->sent = *event->sent;
		w->sent.id = STR_NONE;
		w->is_done = true;
	}
	if (event->kind == WA_EVENT_ANSWER && !w->id && event->answer->tag == w->tag) {
		if (event->answer->iq)
			stanza_write(&w->answer, event->answer->iq);
		w->is_done = true;
	}
	if (w->is_done)
		pthread_cond_signal(&w->done);
}

void linked_tell_waiters(struct turn *turn)
{
	for (const struct wa_event *event = turn->out.events; event; event = event->next) {
		if (event->kind != WA_EVENT_SENT && event->kind != WA_EVENT_ANSWER &&
			event->kind != WA_EVENT_MEDIA)
			continue;
		linked_lock();
		for (struct linked_waiter *w = turn->n->waiters; w; w = w->next)
			tell_waiter(w, event);
		linked_unlock();
	}
}
