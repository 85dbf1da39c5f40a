/* proto_test.c: messages of strangers have bounds. */
#include "base/test.h"
#include "wa/proto/proto.h"
#include "wa_e2e.pb-c.h"

/* A Message whose ephemeral_message (field 40) holds a FutureProofMessage (1) that holds … */
static bytes nested(size_t levels)
{
	bytes inner = { (const uint8_t *)"\x0a\x01x", 3 };

	for (size_t i = 0; i < levels; i++) {
		struct buf one = buf_in(test_arena(), 1u << 20), two = one;

		buf_byte(&one, 0x0a);
		for (int k = 0; k < 2; k++) {
			struct buf *to = k ? &two : &one;
			size_t n = k ? one.len : inner.len;

			if (k) {
				buf_byte(to, 0xc2);
				buf_byte(to, 0x02);
			}
			for (; n >= 0x80; n >>= 7)
				buf_byte(to, (uint8_t)(n | 0x80));
			buf_byte(to, (uint8_t)n);
			buf_put(to, k ? one.ptr : inner.ptr, k ? one.len : inner.len);
		}
		inner = buf_bytes(&two);
	}
	return inner;
}

TEST(a_message_in_a_message_is_read_and_a_tower_of_them_is_not)
{
	const Wa__Message *m = PROTO_UNPACK(test_arena(), Wa__Message, wa__message, nested(3));

	EXPECT(m && m->ephemeral_message && m->ephemeral_message->message);
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__Message, wa__message, nested(PROTO_DEPTH_MAX)));
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__Message, wa__message, nested(3000)));
}

TEST(many_empty_messages_do_not_take_all_memory)
{
	/* AppStateSyncKeyShare.keys, each of two octets, and a struct each */
	struct buf bomb = buf_in(test_arena(), 8u << 20);

	for (size_t i = 0; i < 1u << 20; i++)
		buf_put(&bomb, "\x0a\0", 2);
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__AppStateSyncKeyShare, wa__app_state_sync_key_share,
		buf_bytes(&bomb)));
	EXPECT(PROTO_UNPACK(test_arena(), Wa__AppStateSyncKeyShare, wa__app_state_sync_key_share,
		((bytes){ bomb.ptr, 2000 })));
}

TEST(a_cut_message_is_none)
{
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__Message, wa__message,
		((bytes){ (const uint8_t *)"\x0a\x05hi", 4 })));
	EXPECT(PROTO_UNPACK(test_arena(), Wa__Message, wa__message, BYTES_NONE));
}
