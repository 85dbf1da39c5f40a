/* proto.c: see proto.h. */
#include "wa/proto/proto.h"

#include <stdint.h>

/* ---- bounds ---- */

bool proto_take_varint(bytes *in, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && in->len; shift += 7) {
		uint8_t octet = *in->ptr;

		in->ptr++, in->len--;
		*out |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			return true;
	}
	return false;
}

bool proto_take_octets(bytes *in, uint64_t count, bytes *out)
{
	if (count > in->len)
		return false;
	*out = (bytes){ in->ptr, (size_t)count };
	in->ptr += count, in->len -= (size_t)count;
	return true;
}

static bool depth_is_good(const ProtobufCMessageDescriptor *kind, bytes in, unsigned left);

/* What a field holds: is passed over, or looked into when it is a message. */
static bool field_is_good(const ProtobufCMessageDescriptor *kind, bytes *in, uint64_t tag,
	unsigned left)
{
	const ProtobufCFieldDescriptor *field;
	bytes inside;
	uint64_t n;

	switch (tag & 7) {
	case 0:
		return proto_take_varint(in, &n);
	case 1:
		return proto_take_octets(in, 8, &inside);
	case 5:
		return proto_take_octets(in, 4, &inside);
	case 2:
		break;
	default:
		return false;
	}
	if (!proto_take_varint(in, &n) || !proto_take_octets(in, n, &inside))
		return false;
	field = tag >> 3 <= UINT32_MAX
		? protobuf_c_message_descriptor_get_field(kind, (unsigned)(tag >> 3))
		: NULL;
	return !field || field->type != PROTOBUF_C_TYPE_MESSAGE ||
		depth_is_good(field->descriptor, inside, left);
}

static bool depth_is_good(const ProtobufCMessageDescriptor *kind, bytes in, unsigned left)
{
	uint64_t tag;

	if (left == 0)
		return false;
	while (in.len)
		if (!proto_take_varint(&in, &tag) || !field_is_good(kind, &in, tag, left - 1))
			return false;
	return true;
}

struct purse { struct arena *arena; size_t left; };

static void *take(void *arg, size_t size)
{
	struct purse *purse = arg;

	if (size > purse->left)
		return NULL;
	purse->left -= size;
	return arena_alloc(purse->arena, size);
}

static void keep(void *arg, void *memory)
{
	(void)arg, (void)memory;
}

void *proto_unpack(struct arena *arena, const ProtobufCMessageDescriptor *kind, bytes data)
{
	static const uint8_t nothing[1];
	struct purse purse = { arena, PROTO_MEMORY_MAX };
	ProtobufCAllocator allocator = { take, keep, &purse };

	if (!data.ptr)
		data = (bytes){ nothing, 0 };
	if (!depth_is_good(kind, data,
		    PROTO_DEPTH_MAX))
		return NULL;
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
