/* proto.c: see proto.h. */
#include "wa/proto/proto.h"

#include <stdint.h>

static void *take(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void keep(void *arena, void *memory)
{
	(void)arena, (void)memory;
}

void *proto_unpack(struct arena *arena, const ProtobufCMessageDescriptor *kind, bytes data)
{
	ProtobufCAllocator allocator = { take, keep, arena };

	return protobuf_c_message_unpack(kind, &allocator, data.len, data.ptr);
}

void proto_pack(struct buf *out, const void *message)
{
	uint8_t *to = buf_space(out, protobuf_c_message_get_packed_size(message));

	if (to)
		protobuf_c_message_pack(message, to);
}

bytes proto_bytes(struct arena *arena, const void *message)
{
	struct buf out = buf_in(arena, SIZE_MAX / 2);

	proto_pack(&out, message);
	return buf_bytes(&out);
}
