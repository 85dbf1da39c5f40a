/* frame_test.c: frames, wherever the stream is cut. */
#include "wa/noise/frame.h"

#include "base/test.h"

static void expect_next(struct frame_reader *r, const char *hex)
{
	bytes body;

	EXPECT(frame_next(r, &body));
	EXPECT_HEX(body, hex);
}

TEST(two_frames_in_one_message_are_two)
{
	struct frame_reader r;
	bytes body;

	frame_init(&r);
	frame_feed(&r, bytes_of(S("\0\0\2\xaa\xbb\0\0\3\xcc\xdd\xee")));
	expect_next(&r, "aabb");
	expect_next(&r, "ccddee");
	EXPECT(!frame_next(&r, &body));
	frame_done(&r);
}

TEST(a_stream_may_be_cut_after_every_octet)
{
	str stream = S("\0\0\2\xaa\xbb\0\0\0\0\0\3\xcc\xdd\xee");
	static const size_t sizes[] = { 2, 0, 3 };
	struct frame_reader r;
	size_t frames = 0;
	bytes body;

	frame_init(&r);
	for (size_t i = 0; i < stream.len; i++) {
		frame_feed(&r, bytes_of(str_part(stream, i, 1)));
		while (frame_next(&r, &body))
			EXPECT_INT(body.len, sizes[frames++]);
	}
	EXPECT_INT(frames, 3);
	frame_done(&r);
}

TEST(an_idle_reader_holds_no_memory)
{
	struct frame_reader r;
	bytes body;

	frame_init(&r);
	EXPECT(!frame_next(&r, &body));
	frame_feed(&r, bytes_of(S("\0\0\1x")));
	EXPECT(frame_next(&r, &body));
	frame_feed(&r, BYTES_NONE);
	EXPECT(!r.waiting.ptr);
	frame_done(&r);
}

TEST(a_header_says_the_length_and_has_a_limit)
{
	struct buf out = buf_in(test_arena(), 16);

	EXPECT(frame_write_header(&out, 70000));
	EXPECT_HEX(buf_bytes(&out), "011170");
	EXPECT(frame_write_header(&out, FRAME_MAX));
	EXPECT(!frame_write_header(&out, FRAME_MAX + 1));
	EXPECT_INT(out.len, 6);
}
