/*
 * choice.c: a customer's "2" is the second button.
 *
 * A network that numbers_choices sends buttons and lists as numbered text, so what comes back is
 * text, too. Here it becomes what a tap would have made of it, so that rules, bots and webhooks see
 * what they see of every network; what was written stays beside it, as `typed`.
 *
 * The one rule: only what must be an answer is taken for one: the next thing said after the choices
 * (of whomever), or a reply to them, within CHOICE_MS. In a group only a reply.
 */
#include "inbox/inbox_internal.h"
#include "inbox/search_internal.h"

#include "account/seal.h"
#include "provider/choice.h"

#define CHOICE_MS (24 * 3600 * 1000LL)
#define CHOICE_TEXT_MAX 256     /* octets of an answer: titles are shorter */
#define CHOICE_CLOCK_MS 2000    /* the network tells whole seconds */
#define CHOICE_JSON_MAX (64u << 10)

/* ---- the message with the choices ---- */

static enum err find_offer(struct job *job, const struct channel *ch,
	const struct provider_event *ev, const struct message *m, struct message_row *out)
{
	struct message_place_row place;

	if (!ev->reply_to.len)
		return ev->group_id.len
			       ? ERR_MISSING
			       : sql_message_said_before(job,
					 &(struct sql_message_said_before){
						 .conversation = m->conversation_id,
						 .workspace = job->workspace,
						 .before = m->id },
					 out);
	TRY(message_by_remote(job, ch->id, ev->reply_to, &place));
	return sql_message_find(job,
		&(struct sql_message_find){ .id = place.id, .workspace = job->workspace }, out);
}

/* It had left, not long before, on this channel and in this conversation. */
static bool is_offer(const struct message_row *row, const struct channel *ch,
	const struct message *m, int64_t at_ms)
{
	int64_t sent_ms = row->sent_ms ? row->sent_ms : id64_ms(row->id);

	return row->kind == KIND_INTERACTIVE && row->author_kind != ACTOR_CONTACT &&
	       row->channel_id == ch->id && row->conversation_id == m->conversation_id &&
	       row->status >= STATUS_UNCONFIRMED && row->status < STATUS_FAILED &&
	       !row->deleted_ms && sent_ms <= at_ms + CHOICE_CLOCK_MS &&
	       at_ms - sent_ms <= CHOICE_MS;
}

/* ---- the answer ---- */

/* A title goes before a number: it may be one. Real buttons show no numbers. */
static const struct choice *chosen(struct arena *arena, const struct choice *all, size_t count,
	str answer, bool has_numbers)
{
	str said = words_folded(arena, str_trim(answer));
	size_t n = has_numbers ? choice_number(answer) : 0;

	for (size_t i = 0; i < count; i++)
		if (said.len && str_is(said, words_folded(arena, str_trim(all[i].title))))
			return &all[i];
	return n && n <= count ? &all[n - 1] : NULL;
}

static str choice_json(struct arena *arena, const struct choice *c, json said)
{
	struct buf b = buf_in(arena, CHOICE_JSON_MAX);
	const char *type = c->is_row ? "list_reply" : "button_reply";

	json_open(&b, '{');
	json_put(&b, "type", str_of(type));
	json_open_in(&b, type, '{');
	json_put(&b, "id", c->id);
	json_put(&b, "title", c->title);
	if (c->description.len)
		json_put(&b, "description", c->description);
	json_close(&b, '}');
	for (void *at = json_first(said); at; at = json_next(said, at)) {
		str name = json_member_name(at);

		if (str_is(name, S("body")))
			json_put_value(&b, "typed", json_member_value(at));
		else if (!str_is(name, S("type")))
			json_put_value(&b, arena_cstr(arena, name), json_member_value(at));
	}
	json_close(&b, '}');
	return b.failed ? STR_NONE : buf_text(&b);
}

static bool has_native(struct arena *arena, const struct channel *ch)
{
	json config = NULL;

	return ch->config.len && json_read(arena, ch->config, &config, NULL) == OK &&
	       json_flag(json_field(config, "native_buttons"), false);
}

static enum err take(struct job *job, const struct channel *ch, json said,
	const struct message_row *offer, struct message *m)
{
	struct choice all[CHOICES_MAX];
	const struct choice *c;
	json interactive = NULL;
	str body, content;
	size_t count;

	TRY(unseal(job, SEAL_MESSAGE, offer->body_sealed, &body));
	if (json_read(job->arena, body, &interactive, NULL) != OK)
		return OK;
	count = choices_read(interactive, all);
	c = chosen(job->arena, all, count, json_text_at(said, "body"),
		!has_native(job->arena, ch));
	content = c ? choice_json(job->arena, c, said) : STR_NONE;
	if (!content.len)
		return OK;
	m->kind = KIND_INTERACTIVE;
	m->content = content;
	m->reply_to_id = offer->id;
	return OK;
}

enum err choice_take(struct job *job, const struct channel *ch, const struct provider_event *ev,
	struct message *m)
{
	int64_t at_ms = ev->at_ms ? ev->at_ms : job->now_ms;
	struct message_row offer;
	json said = NULL;
	bool found;

	if (!ch->provider->numbers_choices || ev->message_kind != KIND_TEXT || ev->is_echo ||
		ev->is_history || ev->referral.len)
		return OK;
	if (json_read(job->arena, ev->content, &said, NULL) != OK ||
		json_text_at(said, "body").len > CHOICE_TEXT_MAX)
		return OK;
	TRY(found_or_none(job, find_offer(job, ch, ev, m, &offer), &found));
	return found && is_offer(&offer, ch, m, at_ms) ? take(job, ch, said, &offer, m) : OK;
}
