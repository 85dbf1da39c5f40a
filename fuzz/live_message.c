/*
 * live_message.c: what a client of the live hub sends is refused with a sentence, or its parts are
 * well-formed: what is passed on raw can be put into another message, and that reads back the same.
 */
#include "base/json.h"
#include "fuzz/fuzz.h"
#include "live/live_internal.h"

static void check_subscribe(struct arena *arena, str data)
{
	struct live_subscribe wanted;
	struct live_user user;
	str why = STR_NONE;

	if (live_subscribe_read(arena, data, &wanted, &why) != OK) {
		MUST(why.len > 0);
		return;
	}
	MUST(str_is_utf8(wanted.channel) && str_is_utf8(wanted.auth));
	MUST(!live_channel_name_fits(wanted.channel) || wanted.channel.len > 0);
	if (wanted.has_channel_data &&
	    live_user_read(arena, wanted.channel_data, &user, &why) == OK)
		MUST(str_is_utf8(user.id) && user.info_raw.ptr[0] == '{');
}

static void check_sign_in(struct arena *arena, str data)
{
	struct live_credential given;
	struct live_user user;
	str why = STR_NONE;

	if (live_credential_read(arena, data, &given, &why) != OK) {
		MUST(why.len > 0);
		return;
	}
	MUST(str_is_utf8(given.auth) && str_is_utf8(given.user_data));
	if (live_person_read(arena, given.user_data, &user, &why) == OK)
		MUST(str_is_utf8(user.id) && user.info_raw.ptr[0] == '{');
	else
		MUST(why.len > 0);
}

static void check_passing_on(struct arena *arena, const struct live_message *msg, size_t size)
{
	struct buf out = buf_in(arena, size * 8 + 1000);
	struct live_message again;
	str why;

	json_open(&out, '{');
	json_put(&out, "event", msg->event);
	json_put(&out, "channel", msg->channel);
	if (msg->data.ptr)
		json_put_raw(&out, "data", msg->data);
	json_close(&out, '}');
	MUST(!out.failed);
	MUST(live_message_read(arena, buf_text(&out), &again, &why) == OK);
	MUST(str_is(again.event, msg->event) && str_is(again.channel, msg->channel));
	MUST(str_is(again.data, msg->data) && !again.data.ptr == !msg->data.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct live_message msg;
	str text = str_from((bytes){ data, size }), why = STR_NONE;

	if (size > WS_MESSAGE_MAX)
		return 0;
	if (live_message_read(arena, text, &msg, &why) == OK) {
		check_passing_on(arena, &msg, size);
		check_subscribe(arena, msg.data);
		check_sign_in(arena, msg.data);
	} else {
		MUST(why.len > 0);
	}
	return 0;
}
