/*
 * content_read.c: what came over a linked device, as the kinds and JSON of all providers.
 *
 * A message of a person that nobody can draw is still one: it becomes KIND_UNSUPPORTED and stands
 * in the thread. Only what phones say to one another (keys, settings of our own account) is nothing
 * for people. Texts come from strangers: json_put() mends what is no UTF-8.
 */
#include "base/codec.h"
#include "provider/linked/content_internal.h"
#include "provider/timer.h"

#define FREQUENTLY_FORWARDED 5 /* hops; phones count "many times" from there */
#define MENTIONS_MAX 256

/* ---- what stands beside any content ---- */

/* {"phone":"digits"} or {"lid":"digits"}: a person, as far as a jid says. */
static void put_person(struct reading *r, const char *text)
{
	struct jid jid;

	if (!jid_read(str_of(text), &jid))
		return;
	json_open(&r->b, '{');
	json_put(&r->b, str_is(jid.server, JID_SERVER_LID) ? "lid" : "phone", jid.user);
	json_close(&r->b, '}');
}

static void put_mentions(struct reading *r, const Wa__ContextInfo *context)
{
	if (!context || !context->n_mentioned_jid)
		return;
	json_open_in(&r->b, "mentions", '[');
	for (size_t i = 0; i < context->n_mentioned_jid && i < MENTIONS_MAX; i++)
		put_person(r, context->mentioned_jid[i]);
	json_close(&r->b, ']');
}

static void put_beside(struct reading *r)
{
	const Wa__ContextInfo *context = wa_message_context(r->m);

	put_mentions(r, context);
	if (r->said->is_view_once)
		json_put_bool(&r->b, "view_once", true);
	if (context && context->expiration)
		json_put_int(&r->b, "disappears_s", context->expiration);
}

static void put_ad_media(struct reading *r, const Wa__ExternalAdReplyInfo *ad)
{
	bool is_video = ad->media_type == WA__EXTERNAL_AD_REPLY_INFO__MEDIA_TYPE__VIDEO;

	if (ad->has_media_type)
		json_put(&r->b, "media_type", is_video ? S("video") : S("image"));
	linked_say(r, is_video ? "video_url" : "image_url",
		ad->media_url ? ad->media_url : ad->original_image_url);
	linked_say(r, "thumbnail_url", ad->thumbnail_url);
}

/* As the Cloud API has it: the ad or post that was tapped. */
static str referral_of(struct reading *r, const Wa__ExternalAdReplyInfo *ad)
{
	r->b = buf_in(r->arena, CONTENT_MAX);
	json_open(&r->b, '{');
	linked_say(r, "source_url", ad->source_url);
	linked_say(r, "source_type", ad->source_type);
	linked_say(r, "source_id", ad->source_id);
	linked_say(r, "headline", ad->title);
	linked_say(r, "body", ad->body);
	put_ad_media(r, ad);
	linked_say(r, "ctwa_clid", ad->ctwa_clid);
	linked_say(r, "ref", ad->ref);
	json_close(&r->b, '}');
	return r->b.failed ? STR_NONE : buf_text(&r->b);
}

static void tell_timer(struct provider_event *out, int64_t seconds, int64_t set_s)
{
	if (seconds < 0 || seconds > TIMER_MAX_S)
		return;
	out->tells_timer = true;
	out->timer_s = seconds;
	out->timer_set_ms = set_s > 0 && set_s < INT64_MAX / 1000 ? set_s * 1000 : 0;
}

static void take_context(struct reading *r, struct provider_event *out)
{
	const Wa__ContextInfo *context = wa_message_context(r->m);

	if (!context)
		return;
	out->reply_to = str_of(context->stanza_id);
	if (context->expiration)
		tell_timer(out, context->expiration, context->ephemeral_setting_timestamp);
	if (context->is_forwarded)
		out->flags |= FLAG_FORWARDED;
	if (context->forwarding_score >= FREQUENTLY_FORWARDED)
		out->flags |= FLAG_FREQUENTLY_FORWARDED;
	if (context->external_ad_reply)
		out->referral = referral_of(r, context->external_ad_reply);
}

static void take_media(struct reading *r, struct provider_event *out)
{
	const struct linked_said *said = r->said;
	struct wa_media_reference reference = { r->media, said->id, said->chat, said->sender,
		said->is_from_me };

	if (!r->has_media)
		return;
	out->media = (struct media_info){ .mime_type = r->mime_type, .file_name = r->file_name,
		.sha256 = hex_text(r->arena, r->media.sha256), .size = r->media.size };
	out->media_remote_id = wa_media_pack(r->arena, &reference);
}

/* Kind, content, media and what the context says; of messages and of what an edit makes of one. */
static void take_content(struct reading *r, struct provider_event *out)
{
	unsigned field = wa_message_field(r->m);
	bool is_list = field == WA_FIELD_CONTACT || field == WA_FIELD_CONTACTS_ARRAY;

	r->b = buf_in(r->arena, CONTENT_MAX);
	json_open(&r->b, is_list ? '[' : '{');
	out->message_kind = linked_read_kind(r);
	if (!is_list)
		put_beside(r);
	json_close(&r->b, is_list ? ']' : '}');
	out->content = r->b.failed ? S("{}") : buf_text(&r->b);
	if (r->b.failed)
		out->message_kind = KIND_UNSUPPORTED;
	take_media(r, out);
	take_context(r, out);
}

/* ---- shapes ---- */

static bool take_edit(struct reading *r, const Wa__MessageKey *key, const Wa__Message *now,
	struct provider_event *out)
{
	struct wa_inside inside;

	if (!key || !key->id || !now)
		return false;
	wa_message_unwrap(now, &inside);
	r->m = inside.content;
	take_content(r, out);
	out->kind = EVENT_EDIT;
	out->target_id = str_of(key->id);
	return true;
}

static bool take_timer(struct reading *r, struct provider_event *out)
{
	const Wa__ProtocolMessage *p = r->m->protocol_message;

	tell_timer(out, p->ephemeral_expiration, p->ephemeral_setting_timestamp);
	out->message_kind = KIND_SYSTEM;
	out->content = timer_content(r->arena, p->ephemeral_expiration);
	return true;
}

static bool take_protocol(struct reading *r, struct provider_event *out)
{
	const Wa__ProtocolMessage *p = r->m->protocol_message;

	if (!p->has_type)
		return false;
	out->at_ms = p->timestamp_ms;
	if (p->type == WA__PROTOCOL_MESSAGE__TYPE__MESSAGE_EDIT)
		return take_edit(r, p->key, p->edited_message, out);
	if (p->type == WA__PROTOCOL_MESSAGE__TYPE__EPHEMERAL_SETTING)
		return take_timer(r, out);
	if (p->type != WA__PROTOCOL_MESSAGE__TYPE__REVOKE || !p->key || !p->key->id)
		return false;
	out->kind = EVENT_REVOKE;
	out->target_id = str_of(p->key->id);
	return true;
}

static bool take_reaction(const Wa__ReactionMessage *p, struct provider_event *out)
{
	if (!p->key || !p->key->id)
		return false;
	out->kind = EVENT_REACTION;
	out->target_id = str_of(p->key->id);
	out->emoji = p->text ? str_of(p->text) : S("");
	out->at_ms = p->sender_timestamp_ms;
	return true;
}

static bool take_pin(struct reading *r, struct provider_event *out)
{
	const Wa__PinInChatMessage *p = r->m->pin_in_chat_message;
	bool is_pin = p->type == WA__PIN_IN_CHAT_MESSAGE__TYPE__PIN_FOR_ALL;

	if (!p->key || !p->key->id)
		return false;
	r->b = buf_in(r->arena, CONTENT_MAX);
	json_open(&r->b, '{');
	json_put(&r->b, "type", is_pin ? S("pin") : S("unpin"));
	json_close(&r->b, '}');
	out->message_kind = KIND_PIN;
	out->content = buf_text(&r->b);
	out->reply_to = str_of(p->key->id);
	return true;
}

static bool take_vote(struct reading *r, const Wa__PollUpdateMessage *p, struct provider_event *out)
{
	bytes hashes[WA_VOTES_MAX];
	size_t count;

	if (!r->said->addon || !p->poll_creation_message_key ||
		!wa_vote_hashes(r->arena, r->said->addon, p, hashes, &count))
		return false;
	r->b = buf_in(r->arena, CONTENT_MAX);
	json_open(&r->b, '[');
	for (size_t i = 0; i < count; i++)
		json_put(&r->b, NULL, hex_text(r->arena, hashes[i]));
	json_close(&r->b, ']');
	out->kind = EVENT_VOTE;
	out->at_ms = p->sender_timestamp_ms;
	out->target_id = str_of(p->poll_creation_message_key->id);
	out->votes = buf_text(&r->b);
	return out->target_id.len > 0;
}

/* Enciphered with the secret of another message: a reaction, an edit, or a comment, which reads as
 * an answer to what it is about. */
static bool take_addon(struct reading *r, struct provider_event *out)
{
	enum wa_use use;
	const Wa__MessageKey *key = wa_addon_target(r->m, &use);
	struct wa_addon addon;
	const Wa__Message *opened;

	if (!key || !key->id)
		return false;
	if (r->said->addon) {
		addon = *r->said->addon;
		addon.use = use;
		addon.target_id = str_of(key->id);
		r->said->addon = &addon;
	}
	if (use == WA_USE_POLL_VOTE)
		return take_vote(r, r->m->poll_update_message, out);
	opened = r->said->addon ? wa_addon_message(r->arena, r->said->addon, r->m) : NULL;
	if (!opened)
		return false;
	if (opened->reaction_message)
		return take_reaction(opened->reaction_message, out);
	if (use != WA_USE_COMMENT)
		return take_edit(r, key, opened, out);
	r->m = opened;
	take_content(r, out);
	out->reply_to = str_of(key->id);
	return true;
}

static bool take_missing(struct reading *r, struct provider_event *out)
{
	str type = r->said->unavailable;
	bool is_once = str_starts(type, S("view_once"));

	r->b = buf_in(r->arena, CONTENT_MAX);
	json_open(&r->b, '{');
	if (r->said->is_waiting) {
		out->message_kind = KIND_WAITING;
	} else {
		out->message_kind =
			linked_unsupported(r, type.len ? arena_cstr(r->arena, type) : "unavailable",
				is_once ? "It can be viewed once, and on the phone only."
					: "WhatsApp does not hand this message to linked devices.");
	}
	json_close(&r->b, '}');
	out->content = buf_text(&r->b);
	return true;
}

/* Kinds that say something to phones, or about a message that has its own event. */
static bool is_silent(unsigned field)
{
	static const unsigned silent[] = { WA_FIELD_PROTOCOL, WA_FIELD_ALBUM, WA_FIELD_KEEP,
		WA_FIELD_POLL_UPDATE, WA_FIELD_ENC_REACTION, WA_FIELD_ENC_COMMENT,
		WA_FIELD_ENC_EVENT_RESPONSE, WA_FIELD_SECRET_ENCRYPTED, WA_FIELD_POLL_ADD_OPTION };

	for (size_t i = 0; i < COUNT_OF(silent); i++)
		if (silent[i] == field)
			return true;
	return false;
}

bool linked_content_read(struct arena *arena, const struct linked_said *said,
	struct provider_event *out)
{
	struct linked_said seen = *said;
	struct reading r = { .arena = arena, .said = &seen };
	struct wa_inside inside;
	enum wa_use use;

	out->kind = EVENT_MESSAGE;
	if (!said->message)
		return (said->is_waiting || said->unavailable.len) && take_missing(&r, out);
	wa_message_unwrap(said->message, &inside);
	seen.is_view_once |= inside.is_view_once;
	r.m = inside.content;
	if (r.m->protocol_message)
		return take_protocol(&r, out);
	if (r.m->reaction_message)
		return take_reaction(r.m->reaction_message, out);
	if (r.m->pin_in_chat_message)
		return take_pin(&r, out);
	if (wa_addon_target(r.m, &use))
		return take_addon(&r, out);
	if (!wa_message_field(r.m) && !wa_message_is_unknown(r.m))
		return false;
	if (is_silent(wa_message_field(r.m)))
		return false;
	take_content(&r, out);
	return true;
}
