/*
 * proto.h: protobuf in and out of our memory.
 *
 * The messages themselves are generated of *.proto by protobuf-c. What is unpacked lives in the
 * arena and is never freed by itself. Messages come from strangers: one that is nested deeper, or
 * takes more memory than the bounds below, is not read.
 */
#ifndef WA_PROTO_PROTO_H
#define WA_PROTO_PROTO_H

#include "base/buf.h"

#include <protobuf-c/protobuf-c.h>

#define PROTO_DEPTH_MAX 64              /* messages in messages; the reader calls itself for each */
#define PROTO_MEMORY_MAX (48u << 20)    /* octets of the arena that one message may take */

/* NULL: not a message of this kind, or past a bound. PROTO_UNPACK(arena, handshake_message, data)
 * gives it its type.
 */
void *proto_unpack(struct arena *arena, const ProtobufCMessageDescriptor *kind, bytes data);
/* Takes a varint from the front of in; false: it does not end there within ten octets. */
bool proto_take_varint(bytes *in, uint64_t *out);
/* Takes so many octets from the front of in; false: they are not there. */
bool proto_take_octets(bytes *in, uint64_t count, bytes *out);
void proto_pack(struct buf *out, const void *message);
bytes proto_bytes(struct arena *arena, const void *message);

#define PROTO_UNPACK(arena, Type, kind, data) \
	((Type *)proto_unpack(arena, &kind##__descriptor, data))

/* Octets as a member of a message, and back; without them: none. */
static inline ProtobufCBinaryData proto_data(bytes b)
{
	return (ProtobufCBinaryData){ b.len, (uint8_t *)b.ptr };
}
static inline bytes proto_octets(bool has, ProtobufCBinaryData data)
{
	static const uint8_t empty[1];

	return has ? (bytes){ data.data ? data.data : empty, data.len } : BYTES_NONE;
}
/* Sets member of message and the flag that it is there. */
#define PROTO_SET(message, member, value) \
	((message)->has_##member = true, (message)->member = (value))
#define PROTO_SET_DATA(message, member, octets) PROTO_SET(message, member, proto_data(octets))
#define PROTO_DATA(message, member) proto_octets((message)->has_##member, (message)->member)

#endif
