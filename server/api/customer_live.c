/*
 * customer_live.c: that a customer types, or is there, to those who see the conversation.
 *
 * Of people without a conversation nobody hears. Nothing of it is kept.
 */
#include "account/channel.h"
#include "api/audience.h"
#include "api/handlers.h"
#include "base/log.h"
#include "inbox/inbox.h"
#include "provider/linked/linked.h"

#define EVENT_JSON_MAX 1024

static enum err find_conversation(struct job *job, const struct linked_live *live,
	struct conversation *out, id64 *who)
{
	struct conversations all;
	struct channel *ch;
	id64 contact;

	TRY(contact_known(job, &live->chat, &contact));
	TRY(contact_known(job, &live->who, who));
	if (!contact)
		return ERR_MISSING;
	TRY(channel_get(job, live->channel, &ch));
	TRY(conversation_of_contact(job, contact, &all));
	for (size_t i = 0; i < all.count; i++) {
		if (all.items[i].number_id == ch->number_id) {
			*out = all.items[i];
			return OK;
		}
	}
	return ERR_MISSING;
}

static void tell_typing(const struct audience *audience, const struct conversation *conv,
	const struct linked_live *live, struct buf *data)
{
	const struct scoped what = { conv->channel_id, conv->team_id, conv->assignee_id };

	json_put(data, "state", str_of(live->typing));
	json_close(data, '}');
	audience_tell_about(audience, &what, S("customer.typing"), data);
}

static void tell_presence(const struct audience *audience, const struct conversation *conv,
	const struct linked_live *live, struct buf *data)
{
	const struct scoped what = { conv->channel_id, conv->team_id, conv->assignee_id };

	json_put_bool(data, "available", live->is_available);
	json_put_ms(data, "last_seen_ms", live->last_seen_ms);
	json_close(data, '}');
	audience_tell_about(audience, &what, S("customer.presence"), data);
}

static enum err tell(struct job *job, const struct linked_live *live)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct audience audience;
	struct conversation conv;
	id64 who;

	TRY(find_conversation(job, live, &conv, &who));
	TRY(audience_load(job, &audience));
	json_open(&data, '{');
	json_put_id(&data, "conversation_id", conv.id);
	json_put_id(&data, "contact_id", who);
	if (live->typing)
		tell_typing(&audience, &conv, live, &data);
	else
		tell_presence(&audience, &conv, live, &data);
	return OK;
}

void api_tell_customer(struct job *job, const struct linked_live *live)
{
	enum err e = api_publish ? tell(job, live) : OK;

	if (e != OK && e != ERR_MISSING)
		log_warn("that somebody types was not told: %s: " STR_F, err_name(e),
			STR_A(job->why));
	job_forgive(job);
}
