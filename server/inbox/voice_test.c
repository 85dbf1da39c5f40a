/* voice_test.c: recordings become voice messages, and what is none is refused. */
#include "base/test.h"
#include "inbox/voice.h"

#include <math.h>
#include <stdlib.h>

static struct job job;

static void put16(struct buf *out, unsigned v)
{
	buf_byte(out, (uint8_t)v);
	buf_byte(out, (uint8_t)(v >> 8));
}

static void put32(struct buf *out, unsigned v)
{
	put16(out, v & 0xFFFF);
	put16(out, v >> 16);
}

/* A tone, as WAV. */
static bytes tone(unsigned rate, unsigned channels, unsigned ms)
{
	unsigned samples = rate / 100 * ms / 10, size = samples * channels * 2;
	struct buf out = buf_in(test_arena(), size + 44);

	buf_str(&out, S("RIFF"));
	put32(&out, size + 36);
	buf_str(&out, S("WAVEfmt "));
	put32(&out, 16);
	put16(&out, 1);
	put16(&out, channels);
	put32(&out, rate);
	put32(&out, rate * channels * 2);
	put16(&out, channels * 2);
	put16(&out, 16);
	buf_str(&out, S("data"));
	put32(&out, size);
	for (unsigned i = 0; i < samples * channels; i++)
		put16(&out, (unsigned)(uint16_t)(int16_t)(8000 * sin((i / channels) * 2 * 3.14159 *
									   440 / rate)));
	return buf_bytes(&out);
}

static enum err convert(bytes in, struct buf *out, int64_t *ms)
{
	job_init(&job, "test", test_arena(), NULL);
	enum err e = voice_convert(&job, in, out, ms);

	job_release(&job);
	return e;
}

/* Opus in Ogg says so on its first page, with the number of channels. */
static bool is_mono_opus(bytes b)
{
	return b.len > 48 && memcmp(b.ptr, "OggS", 4) == 0 &&
	       memcmp(b.ptr + 28, "OpusHead", 8) == 0 && b.ptr[28 + 9] == 1;
}

TEST(a_recording_becomes_mono_opus_of_the_same_length)
{
	static const struct { unsigned rate, channels, ms; } sounds[] = {
		{ 48000, 2, 3000 }, { 44100, 1, 1500 }, { 8000, 1, 700 }, { 16000, 2, 40 }
	};
	struct buf out, again;
	int64_t ms, ms_again;

	for (size_t i = 0; i < COUNT_OF(sounds); i++) {
		EXPECT_OK(
			convert(tone(sounds[i].rate, sounds[i].channels, sounds[i].ms), &out, &ms));
		EXPECT(is_mono_opus(buf_bytes(&out)));
		EXPECT(llabs(ms - sounds[i].ms) <= 40);
		/* What we made can be read again. */
		EXPECT_OK(convert(buf_bytes(&out), &again, &ms_again));
		EXPECT(llabs(ms_again - ms) <= 40);
	}
	/* 24 kbit/s: a minute is a little over 180 kB. */
	EXPECT_OK(convert(tone(48000, 1, 10000), &out, &ms));
	EXPECT(out.len < 50000);
}

TEST(what_is_no_recording_is_refused_with_a_reason)
{
	static const char *const wrong[] = { "", "hello", "#EXTM3U\nhttp://127.0.0.1/x.ogg\n",
		"ffconcat version 1.0\nfile /etc/passwd\n", "RIFF\xff\xff\xff\xffWAVEfmt ",
		"OggS", "\x1A\x45\xDF\xA3\x9F\x42\x86\x81", "{\"a\":1}" };
	struct buf out;
	int64_t ms;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		EXPECT_ERR(convert(bytes_of(str_of(wrong[i])), &out, &ms), ERR_INPUT);
		EXPECT_STR(job.code, "not_a_recording");
	}
}

TEST(a_broken_recording_is_read_as_far_as_it_goes_or_refused)
{
	struct buf whole, out;
	int64_t ms;

	EXPECT_OK(convert(tone(48000, 1, 1000), &whole, &ms));
	for (size_t cut = 0; cut < whole.len; cut += 97) {
		enum err e = convert((bytes){ buf_bytes(&whole).ptr, cut }, &out, &ms);

		EXPECT(e == OK || e == ERR_INPUT);
	}
	for (size_t at = 0; at < whole.len; at += 31) {
		uint8_t *copy = arena_alloc(test_arena(), whole.len);
		enum err e;

		memcpy(copy, buf_bytes(&whole).ptr, whole.len);
		copy[at] ^= 0x55;
		e = convert((bytes){ copy, whole.len }, &out, &ms);
		EXPECT(e == OK || e == ERR_INPUT);
	}
}

TEST(more_than_sixteen_minutes_are_refused)
{
	struct buf out;
	int64_t ms;

	EXPECT_ERR(convert((bytes){ arena_alloc(test_arena(), VOICE_SOURCE_MAX + 1),
				   VOICE_SOURCE_MAX + 1 },
			   &out, &ms),
		ERR_LIMIT);
	EXPECT_ERR(convert(tone(8000, 1, 17 * 60 * 1000), &out, &ms), ERR_INPUT);
	EXPECT_STR(job.code, "too_long");
}
