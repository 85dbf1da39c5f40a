/* message.c: names of the kinds and statuses, and the table of the forward-only rule; see
 * message.h. */
#include "provider/message.h"

static const char *const kind_names[KINDS] = {
	[KIND_UNKNOWN] = "unknown",
	[KIND_TEXT] = "text",
	[KIND_IMAGE] = "image",
	[KIND_VIDEO] = "video",
	[KIND_AUDIO] = "audio",
	[KIND_VOICE] = "voice",
	[KIND_DOCUMENT] = "document",
	[KIND_STICKER] = "sticker",
	[KIND_LOCATION] = "location",
	[KIND_LIVE_LOCATION] = "live_location",
	[KIND_CONTACTS] = "contacts",
	[KIND_INTERACTIVE] = "interactive",
	[KIND_BUTTON] = "button",
	[KIND_TEMPLATE] = "template",
	[KIND_POLL] = "poll",
	[KIND_POLL_VOTE] = "poll_vote",
	[KIND_ORDER] = "order",
	[KIND_PRODUCT] = "product",
	[KIND_SYSTEM] = "system",
	[KIND_UNSUPPORTED] = "unsupported",
	[KIND_REQUEST_WELCOME] = "request_welcome",
	[KIND_REACTION] = "reaction",
	[KIND_MEDIA_PLACEHOLDER] = "media_placeholder",
	[KIND_NOTE] = "note",
	[KIND_PIN] = "pin",
	[KIND_EDIT] = "edit",
	[KIND_REVOKE] = "revoke",
	[KIND_WAITING] = "waiting",
};

const char *kind_name(enum message_kind kind)
{
	return (unsigned)kind < KINDS && kind_names[kind] ? kind_names[kind] : "unknown";
}

const char *kind_cloud_type(enum message_kind kind)
{
	return kind == KIND_VOICE ? "audio" : kind_name(kind);
}

enum message_kind kind_parse(str name)
{
	for (size_t i = 1; i < KINDS; i++)
		if (kind_names[i] && str_is(name, str_of(kind_names[i])))
			return (enum message_kind)i;
	return KIND_UNKNOWN;
}

bool kind_is_change(enum message_kind kind)
{
	return kind == KIND_REACTION || kind == KIND_EDIT || kind == KIND_REVOKE;
}

bool kind_is_media(enum message_kind kind)
{
	return kind >= KIND_IMAGE && kind <= KIND_STICKER;
}

#define TO(status) (1u << (status))
#define DONE (TO(STATUS_DELIVERED) | TO(STATUS_READ) | TO(STATUS_PLAYED))

/*
 * READ comes without DELIVERED, and DELIVERED before SENT. FAILED is final but for the proof that
 * the message arrived after all (a retried device, a late report): delivery is the stronger word.
 */
static const struct {
	const char *name;
	unsigned next;
} statuses[] = {
	[STATUS_RECEIVED] = { "received", 0 },
	[STATUS_ACCEPTED] = { "accepted", TO(STATUS_SENDING) | TO(STATUS_UNCONFIRMED) |
						  TO(STATUS_SENT) | DONE | TO(STATUS_FAILED) },
	[STATUS_SENDING] = { "sending",
		TO(STATUS_UNCONFIRMED) | TO(STATUS_SENT) | DONE | TO(STATUS_FAILED) },
	[STATUS_UNCONFIRMED] = { "unconfirmed", TO(STATUS_SENT) | DONE | TO(STATUS_FAILED) },
	[STATUS_SENT] = { "sent", DONE | TO(STATUS_FAILED) },
	[STATUS_DELIVERED] = { "delivered", TO(STATUS_READ) | TO(STATUS_PLAYED) },
	[STATUS_READ] = { "read", TO(STATUS_PLAYED) },
	[STATUS_PLAYED] = { "played", 0 },
	[STATUS_FAILED] = { "failed", DONE },
};

const char *status_name(enum message_status status)
{
	return (unsigned)status < COUNT_OF(statuses) ? statuses[status].name : "unknown";
}

bool status_may_become(enum message_status from, enum message_status to)
{
	return (unsigned)from < COUNT_OF(statuses) && (unsigned)to < COUNT_OF(statuses) &&
	       (statuses[from].next & TO(to)) != 0;
}
