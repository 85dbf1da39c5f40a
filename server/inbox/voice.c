/*
 * voice.c: see voice.h.
 *
 * libavformat and libavcodec are told exactly which containers and codecs may be tried, read from
 * memory by our own functions, and write to memory. What comes out of the decoder is counted: a
 * small file that unpacks to days of sound ends at VOICE_MAX_MS.
 */
#include "inbox/voice.h"

#include "base/clock.h"
#include "inbox/voice_library.h"


#define RATE 48000
#define BIT_RATE 24000
#define READ_BUFFER 32768
#define ALLOCATION_MAX (64u << 20)
#define PACKETS_MAX 500000
#define CONTAINERS "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,wav"
#define CODECS "opus,libopus,vorbis,libvorbis,aac,pcm_s16le,pcm_f32le"

struct memory { bytes data; size_t at; };

struct convert {
	const struct voice_library *av;
	struct job *job;
	struct memory source;
	AVFormatContext *in, *out;
	AVCodecContext *decoder, *encoder;
	AVIOContext *reader;
	SwrContext *resampler;
	AVAudioFifo *fifo;
	AVFrame *decoded, *piece;
	AVPacket *packet;
	AVChannelLayout from_layout;
	int from_format, from_rate, stream;
	int64_t samples, deadline_ms;
};

static void end(void *arg)
{
	struct convert *c = arg;

	if (c->out && c->out->pb) {
		uint8_t *rest = NULL;

		c->av->avio_close_dyn_buf(c->out->pb, &rest);
		c->av->av_free(rest);
	}
	c->av->avformat_free_context(c->out);
	c->av->avcodec_free_context(&c->encoder);
	c->av->avcodec_free_context(&c->decoder);
	c->av->avformat_close_input(&c->in);
	if (c->reader)
		c->av->av_freep(&c->reader->buffer);
	c->av->avio_context_free(&c->reader);
	c->av->swr_free(&c->resampler);
	c->av->av_audio_fifo_free(c->fifo);
	c->av->av_frame_free(&c->decoded);
	c->av->av_frame_free(&c->piece);
	c->av->av_packet_free(&c->packet);
	c->av->av_channel_layout_uninit(&c->from_layout);
}

static enum err not_a_recording(struct job *job)
{
	return fail_code(job, ERR_INPUT, S("not_a_recording"),
		S("Record it again, or send it as a file."),
		"There is no sound in it that can be read.");
}

static enum err no_memory(struct job *job)
{
	return fail(job, ERR_LIMIT, "the recording needs more memory than it may have");
}

/* ---- reading from memory ---- */

static int read_memory(void *arg, uint8_t *out, int size)
{
	struct memory *m = arg;
	size_t left = m->data.len - m->at, n = (size_t)size < left ? (size_t)size : left;

	if (n == 0)
		return AVERROR_EOF;
	memcpy(out, m->data.ptr + m->at, n);
	m->at += n;
	return (int)n;
}

static int64_t seek_memory(void *arg, int64_t offset, int whence)
{
	struct memory *m = arg;
	int64_t size = (int64_t)m->data.len;

	if (whence == AVSEEK_SIZE)
		return size;
	if ((whence & ~AVSEEK_FORCE) == SEEK_CUR)
		offset += (int64_t)m->at;
	else if ((whence & ~AVSEEK_FORCE) == SEEK_END)
		offset += size;
	if (offset < 0 || offset > size)
		return AVERROR(EINVAL);
	m->at = (size_t)offset;
	return offset;
}

/* A container that points elsewhere is not followed. */
static int open_nothing(AVFormatContext *in, AVIOContext **out, const char *url, int flags,
	AVDictionary **options)
{
	(void)in, (void)out, (void)url, (void)flags, (void)options;
	return AVERROR(EPERM);
}

static int give_up(void *arg)
{
	const struct convert *c = arg;

	return clock_now_ms() > c->deadline_ms;
}

static enum err open_source(struct convert *c)
{
	uint8_t *buffer = c->av->av_malloc(READ_BUFFER);

	if (!buffer)
		return no_memory(c->job);
	c->reader = c->av->avio_alloc_context(buffer, READ_BUFFER, 0, &c->source, read_memory, NULL,
		seek_memory);
	c->in = c->av->avformat_alloc_context();
	if (!c->reader || !c->in)
		return no_memory(c->job);
	c->in->pb = c->reader;
	c->in->flags |= AVFMT_FLAG_CUSTOM_IO;
	c->in->io_open = open_nothing;
	c->in->interrupt_callback = (AVIOInterruptCB){ give_up, c };
	c->in->max_streams = 4;
	c->in->probesize = 1 << 20;
	c->in->max_analyze_duration = 2 * AV_TIME_BASE;
	c->av->av_opt_set(c->in, "format_whitelist", CONTAINERS, 0);
	c->av->av_opt_set(c->in, "codec_whitelist", CODECS, 0);
	/* On failure it frees the context, and not the reader. */
	if (c->av->avformat_open_input(&c->in, NULL, NULL, NULL) < 0)
		return not_a_recording(c->job);
	return c->av->avformat_find_stream_info(c->in, NULL) < 0 ? not_a_recording(c->job) : OK;
}

static enum err open_decoder(struct convert *c)
{
	const AVCodec *codec = NULL;
	AVStream *stream;

	c->stream = c->av->av_find_best_stream(c->in, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
	if (c->stream < 0 || !codec)
		return not_a_recording(c->job);
	stream = c->in->streams[c->stream];
	c->decoder = c->av->avcodec_alloc_context3(codec);
	if (!c->decoder || c->av->avcodec_parameters_to_context(c->decoder, stream->codecpar) < 0)
		return no_memory(c->job);
	c->decoder->pkt_timebase = stream->time_base;
	c->decoder->thread_count = 1;
	c->av->av_opt_set(c->decoder, "codec_whitelist", CODECS, 0);
	return c->av->avcodec_open2(c->decoder, codec, NULL) < 0 ? not_a_recording(c->job) : OK;
}

/* ---- writing ---- */

static enum err open_encoder(struct convert *c)
{
	const AVCodec *codec = c->av->avcodec_find_encoder_by_name("libopus");

	c->encoder = codec ? c->av->avcodec_alloc_context3(codec) : NULL;
	if (!c->encoder)
		return fail(c->job, ERR_BUG, "libavcodec has no Opus encoder");
	c->encoder->sample_rate = RATE;
	c->encoder->sample_fmt = AV_SAMPLE_FMT_S16;
	c->encoder->bit_rate = BIT_RATE;
	c->encoder->time_base = (AVRational){ 1, RATE };
	c->encoder->thread_count = 1;
	c->av->av_channel_layout_default(&c->encoder->ch_layout, 1);
	c->av->av_opt_set(c->encoder->priv_data, "application", "voip", 0);
	if (c->av->avcodec_open2(c->encoder, codec, NULL) < 0)
		return fail(c->job, ERR_BUG, "the Opus encoder does not open");
	return OK;
}

static enum err open_result(struct convert *c)
{
	AVStream *stream;

	if (c->av->avformat_alloc_output_context2(&c->out, NULL, "ogg", NULL) < 0)
		return no_memory(c->job);
	c->out->flags |= AVFMT_FLAG_BITEXACT;
	stream = c->av->avformat_new_stream(c->out, NULL);
	if (!stream || c->av->avcodec_parameters_from_context(stream->codecpar, c->encoder) < 0 ||
		c->av->avio_open_dyn_buf(&c->out->pb) < 0)
		return no_memory(c->job);
	stream->time_base = c->encoder->time_base;
	if (c->av->avformat_write_header(c->out, NULL) < 0)
		return fail(c->job, ERR_BUG, "the header of the voice message cannot be written");
	c->fifo = c->av->av_audio_fifo_alloc(AV_SAMPLE_FMT_S16, 1, RATE);
	c->decoded = c->av->av_frame_alloc();
	c->piece = c->av->av_frame_alloc();
	c->packet = c->av->av_packet_alloc();
	return c->fifo && c->decoded && c->piece && c->packet ? OK : no_memory(c->job);
}

static enum err write_packets(struct convert *c)
{
	AVPacket *packet = c->av->av_packet_alloc();
	enum err e = packet ? OK : no_memory(c->job);

	while (e == OK && c->av->avcodec_receive_packet(c->encoder, packet) == 0) {
		c->av->av_packet_rescale_ts(packet, c->encoder->time_base,
			c->out->streams[0]->time_base);
		packet->stream_index = 0;
		if (c->av->av_interleaved_write_frame(c->out, packet) < 0)
			e = no_memory(c->job);
	}
	c->av->av_packet_free(&packet);
	return e;
}

static enum err encode(struct convert *c, int samples)
{
	AVFrame *f = c->piece;

	c->av->av_frame_unref(f);
	f->nb_samples = samples;
	f->format = AV_SAMPLE_FMT_S16;
	f->sample_rate = RATE;
	c->av->av_channel_layout_default(&f->ch_layout, 1);
	if (c->av->av_frame_get_buffer(f, 0) < 0 ||
		c->av->av_audio_fifo_read(c->fifo, (void **)f->data, samples) < samples)
		return no_memory(c->job);
	f->pts = c->samples;
	c->samples += samples;
	if (c->av->avcodec_send_frame(c->encoder, f) < 0)
		return fail(c->job, ERR_BUG, "the Opus encoder refuses sound");
	return write_packets(c);
}

/* Whole frames of the encoder; at the end also what is left. */
static enum err encode_ready(struct convert *c, bool all)
{
	int frame = c->encoder->frame_size > 0 ? c->encoder->frame_size : 960;

	while (c->av->av_audio_fifo_size(c->fifo) >= frame)
		TRY(encode(c, frame));
	if (all && c->av->av_audio_fifo_size(c->fifo) > 0)
		TRY(encode(c, c->av->av_audio_fifo_size(c->fifo)));
	return OK;
}

/* ---- from one to the other ---- */

static bool is_same_sound(const struct convert *c)
{
	return c->resampler && c->from_format == c->decoded->format &&
	       c->from_rate == c->decoded->sample_rate &&
	       c->av->av_channel_layout_compare(&c->from_layout, &c->decoded->ch_layout) == 0;
}

/* A stream may change its shape on the way. */
static enum err open_resampler(struct convert *c)
{
	AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;

	if (is_same_sound(c))
		return OK;
	c->av->swr_free(&c->resampler);
	c->av->av_channel_layout_uninit(&c->from_layout);
	if (c->decoded->sample_rate < 4000 || c->decoded->sample_rate > 384000 ||
		c->decoded->ch_layout.nb_channels < 1 || c->decoded->ch_layout.nb_channels > 8 ||
		c->av->swr_alloc_set_opts2(&c->resampler, &mono, AV_SAMPLE_FMT_S16, RATE,
			&c->decoded->ch_layout, c->decoded->format, c->decoded->sample_rate, 0,
			NULL) < 0 ||
		c->av->swr_init(c->resampler) < 0 ||
		c->av->av_channel_layout_copy(&c->from_layout, &c->decoded->ch_layout) < 0)
		return not_a_recording(c->job);
	c->from_format = c->decoded->format;
	c->from_rate = c->decoded->sample_rate;
	return OK;
}

/* in NULL: what the resampler still holds. */
static enum err resample(struct convert *c, const AVFrame *in)
{
	int room = c->av->swr_get_out_samples(c->resampler, in ? in->nb_samples : 0), n;
	uint8_t *samples = NULL;
	enum err e = OK;

	if (room <= 0)
		return OK;
	if (c->av->av_samples_alloc(&samples, NULL, 1, room, AV_SAMPLE_FMT_S16, 0) < 0)
		return no_memory(c->job);
	n = c->av->swr_convert(c->resampler, &samples, room,
		in ? (const uint8_t **)in->extended_data : NULL, in ? in->nb_samples : 0);
	if (n > 0 && c->av->av_audio_fifo_write(c->fifo, (void **)&samples, n) < n)
		e = no_memory(c->job);
	c->av->av_freep(&samples);
	return e;
}

static enum err check_length(struct convert *c)
{
	if (c->samples / (RATE / 1000) > VOICE_MAX_MS)
		return fail_code(c->job, ERR_INPUT, S("too_long"),
			S("Send it in parts, or as a file."),
			"A voice message lasts at most 16 minutes.");
	return give_up(c) ? fail_code(c->job, ERR_INPUT, S("too_long"),
				    S("Record it again, or send it as a file."),
				    "The recording takes too long to read.")
			  : OK;
}

static enum err take_frames(struct convert *c)
{
	while (c->av->avcodec_receive_frame(c->decoder, c->decoded) == 0) {
		TRY(open_resampler(c));
		TRY(resample(c, c->decoded));
		TRY(encode_ready(c, false));
		TRY(check_length(c));
		c->av->av_frame_unref(c->decoded);
	}
	return OK;
}

/* A packet that does not decode is left out: half a second less is better than none. */
static enum err convert_all(struct convert *c)
{
	for (int i = 0; i < PACKETS_MAX && c->av->av_read_frame(c->in, c->packet) >= 0; i++) {
		enum err e = OK;

		if (c->packet->stream_index == c->stream &&
			c->av->avcodec_send_packet(c->decoder, c->packet) == 0)
			e = take_frames(c);
		c->av->av_packet_unref(c->packet);
		TRY(e);
		TRY(check_length(c));
	}
	if (c->av->avcodec_send_packet(c->decoder, NULL) == 0)
		TRY(take_frames(c));
	if (!c->resampler)
		return not_a_recording(c->job);
	TRY(resample(c, NULL));
	return encode_ready(c, true);
}

static enum err finish(struct convert *c, struct buf *out)
{
	uint8_t *result = NULL;
	int size;

	if (!c->samples)
		return not_a_recording(c->job);
	c->av->avcodec_send_frame(c->encoder, NULL);
	TRY(write_packets(c));
	if (c->av->av_write_trailer(c->out) < 0)
		return no_memory(c->job);
	size = c->av->avio_close_dyn_buf(c->out->pb, &result);
	c->out->pb = NULL;
	if (size > 0)
		buf_put(out, result, (size_t)size);
	c->av->av_free(result);
	return out->failed || size <= 0 ? no_memory(c->job) : OK;
}

enum err voice_convert(struct job *job, bytes source, struct buf *out, int64_t *duration_ms)
{
	struct convert *c = ARENA_NEW(job->arena, struct convert);
	const char *why;

	*c = (struct convert){ .av = voice_library(&why), .job = job, .source = { .data = source },
		.deadline_ms = clock_now_ms() + VOICE_WORK_MAX_MS };
	*out = buf_in(job->arena, VOICE_RESULT_MAX);
	if (source.len > VOICE_SOURCE_MAX)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Record a shorter one."),
			"A recording has at most 16 MB.");
	if (!c->av)
		return fail_code(job, ERR_UNSUPPORTED, S("no_voice_library"),
			S("Install the packages libavformat59 and libswresample4."),
			"This server cannot convert recordings: %s.", why);
	c->av->av_log_set_level(AV_LOG_QUIET);
	c->av->av_max_alloc(ALLOCATION_MAX);
	job_defer(job, end, c);
	TRY(open_source(c));
	TRY(open_decoder(c));
	TRY(open_encoder(c));
	TRY(open_result(c));
	TRY(convert_all(c));
	TRY(finish(c, out));
	*duration_ms = c->samples / (RATE / 1000);
	return OK;
}
