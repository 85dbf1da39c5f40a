/* message_internal.h: numbers of the fields of Message (§6.1) that are more than a name to us. */
#ifndef WA_MESSAGE_MESSAGE_INTERNAL_H
#define WA_MESSAGE_MESSAGE_INTERNAL_H

#include "wa/message/message.h"

enum {
	FIELD_CONVERSATION = 1,
	FIELD_SENDER_KEY = 2,
	FIELD_IMAGE = 3,
	FIELD_CONTACT = 4,
	FIELD_LOCATION = 5,
	FIELD_DOCUMENT = 7,
	FIELD_AUDIO = 8,
	FIELD_VIDEO = 9,
	FIELD_CONTACTS_ARRAY = 13,
	FIELD_FAST_SENDER_KEY = 15,
	FIELD_LIVE_LOCATION = 18,
	FIELD_STICKER = 26,
	FIELD_GROUP_INVITE = 28,
	FIELD_PRODUCT = 30,
	FIELD_DEVICE_SENT = 31,
	FIELD_INFO = 35,
	FIELD_LIST = 36,
	FIELD_VIEW_ONCE = 37,
	FIELD_ORDER = 38,
	FIELD_LIST_RESPONSE = 39,
	FIELD_EPHEMERAL = 40,
	FIELD_BUTTONS_RESPONSE = 43,
	FIELD_REACTION = 46,
	FIELD_INTERACTIVE_RESPONSE = 48,
	FIELD_POLL = 49,
	FIELD_POLL_UPDATE = 50,
	FIELD_KEEP = 51,
	FIELD_VIEW_ONCE_V2 = 55,
	FIELD_ENC_REACTION = 56,
	FIELD_EDITED = 58,
	FIELD_VIEW_ONCE_V2_EXTENSION = 59,
	FIELD_POLL_V2 = 60,
	FIELD_PIN = 63,
	FIELD_POLL_V3 = 64,
	FIELD_PTV = 66,
	FIELD_EVENT = 75,
	FIELD_ENC_EVENT_RESPONSE = 76,
	FIELD_SECRET_ENCRYPTED = 82,
	FIELD_STICKER_PACK = 86,
	FIELD_POLL_V5 = 111,
	FIELD_POLL_V6 = 119,
	FIELD_POLL_ADD_OPTION = 121,
};

/* The sub-message of a field, or NULL. Only for optional fields that are messages. */
static inline ProtobufCMessage *wa_member(const void *message, const ProtobufCFieldDescriptor *f)
{
	return *(ProtobufCMessage *const *)((const char *)message + f->offset);
}
/* One message inside, not a list of them. */
static inline bool wa_is_single(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_MESSAGE && f->label != PROTOBUF_C_LABEL_REPEATED;
}

#endif
