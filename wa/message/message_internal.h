/* message_internal.h: what the files of message/ share: fields by their descriptors. */
#ifndef WA_MESSAGE_MESSAGE_INTERNAL_H
#define WA_MESSAGE_MESSAGE_INTERNAL_H

#include "wa/message/message.h"

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
