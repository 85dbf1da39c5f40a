/* linked_provider.c: the provider `linked` itself: how a number meets the rest of the server. */
#include "net/proxy.h"
#include "provider/linked/content.h"
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/sync.h"
#include "provider/linked/linked_people.h"
#include "provider/linked/media.h"

/* ---- channels come and go ---- */

static enum err linked_created(struct job *job, const struct channel *ch)
{
	struct linked_room room;
	id64 own = job->workspace;

	TRY(linked_room(job, &room));
	if (room.used > room.limit)
		return fail_code(job, ERR_LIMIT, S("number_limit"),
			S("Remove a number, or ask for a larger plan."),
			"The workspace has %lld of %lld linked numbers.", (long long)room.used - 1,
			(long long)room.limit);
	return sql_linked_number_add(job,
		&(struct sql_linked_number_add){ ch->id, own, job->now_ms }, NULL);
}

static enum err linked_removing(struct job *job, const struct channel *ch)
{
	TRY(linked_log_out(job, ch->id));
	return linked_clean(job, ch->id, ch->workspace);
}

static void linked_config_check(struct job *job, json config)
{
	for (void *at = json_first(config); at; at = json_next(config, at)) {
		str name = json_member_name(at);
		str field = arena_printf(job->arena, "config." STR_F, STR_A(name));

		if (str_is(name, S("proxy"))) {
			struct proxy proxy;
			str url = json_text(json_member_value(at));

			if (url.len && !proxy_read(job->arena, url, &proxy))
				field_error(job, field, S("invalid"),
					S("http://HOST:PORT or socks5://HOST:PORT, with "
					  "USER:PASSWORD@ "
					  "before it where it is wanted."));
		} else if (str_is(name, S("native_buttons")) || str_is(name, S("link_previews"))) {
			if (json_kind(json_member_value(at)) != JSON_BOOL)
				field_error(job, field, S("type"),
					S("This must be true or false."));
		} else if (str_starts(name, S("history_"))) {
			linked_history_config_check(job, name, json_member_value(at));
		} else {
			field_error(job, field, S("unknown_field"),
				S("This field is not known here."));
		}
	}
}

/* ---- health ---- */

/* What the network or a person ended is told; a connection that is being made says nothing. */
static enum err linked_health(struct job *job, const struct channel *ch,
	struct provider_health *out)
{
	struct linked_number number;
	id64 own = job->workspace;
	enum err e;

	job->workspace = ch->workspace;
	e = linked_get(job, ch->id, &number);
	job->workspace = own;
	TRY(e);
	*out = (struct provider_health){ .ok = number.state == LINKED_CONNECTED,
		.phone = number.phone,
		.verified_name = number.push_name,
		.sentence = number.sentence,
		.next_step = number.next_step };
	if (out->ok) {
		out->sentence = S("The number is connected.");
		return OK;
	}
	if (!number.is_paired) {
		out->sentence = S("The number is not paired with a phone.");
		out->next_step =
			S("Pair it: open WhatsApp on the phone, Linked devices, and scan the "
			  "code.");
	} else if (number.state != LINKED_FAILED && number.state != LINKED_BANNED &&
		   number.is_wanted) {
		return fail_code(job, ERR_UPSTREAM, S("connecting"),
			S("Nothing: it connects again by itself."),
			"The number is not connected right now.");
	}
	return OK;
}

/* It may hold a password. */
static const char *const linked_secrets[] = { "proxy", NULL };

const struct provider linked_provider = {
	.name = "linked",
	.title = "Linked device",
	.can = LINKED_CAN_CONTENT | CAN_MARK_READ | CAN_TYPING | CAN_MEDIA_FETCH | CAN_LID,
	.can_group = LINKED_CAN_GROUP,
	.pins_anywhere = true,
	.no_pair_limit = true,
	.parallel_sends = 4,
	.text_max = 65536,
	.config_check = linked_config_check,
	.config_secrets = linked_secrets,
	.created = linked_created,
	.removing = linked_removing,
	.health = linked_health,
	.is_paced = true,
	.numbers_choices = true,
	.block = linked_block,
	.profile = linked_profile,
	.profile_set = linked_profile_set,
	.manage_calls = linked_manage_calls,
	.manage_count = LINKED_MANAGE_COUNT,
	.manage = linked_manage,
	.fetch_media = linked_fetch_media,
	.upload_media = linked_upload_media,
	.media_fits = linked_media_fits,
	.check = linked_check,
	.check_options = linked_check_options,
	.check_media = linked_check_media,
	.send = linked_send,
	.mark_read = linked_mark_read,
	.tell_chat = linked_tell_chat,
	.parse = linked_parse,
};
