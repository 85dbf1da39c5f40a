/*
 * derive.c: see derive.h.
 *
 * By the libraries of voice_library.h, on the same short leash as recordings: containers and codecs
 * by name, nothing followed elsewhere, few pixels, little memory, a deadline. The work ends with
 * the first picture of a film; of a voice all is heard.
 */
#include "inbox/derive.h"

#include "base/clock.h"
#include "inbox/voice_library.h"

#include <math.h>
#include <unistd.h>
#include <fcntl.h>

#define READ_BUFFER 32768
#define ALLOCATION_MAX (128u << 20)
#define PACKETS_MAX 200000
#define PACKETS_OF_PICTURE 200
#define RATE 8000
#define PIECE (RATE / 50)       /* samples of which one mean is kept */
#define PIECES_MAX 60000        /* 20 minutes */
#define QUALITY 6               /* of mjpeg: 2 good, 31 bad */
#define CONTAINERS                                                                                 \
	"matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,wav,mp3,aac,amr,jpeg_pipe,png_pipe,webp_pipe,"  \
	"gif"
#define CODECS                                                                                 \
	"opus,libopus,vorbis,libvorbis,aac,mp3,mp3float,amrnb,amrwb,pcm_s16le,pcm_f32le,h264," \
	"hevc,"                                                                                \
	"vp8,vp9,libdav1d,mpeg4,h263,mjpeg,png,webp,gif"

struct derive {
	const struct voice_library *av;
	struct job *job;
	struct linked_derived *out;
	int fd;
	AVFormatContext *in;
	AVCodecContext *decoder, *encoder;
	AVIOContext *reader;
	SwrContext *resampler;
	struct SwsContext *scaler;
	AVFrame *frame, *small;
	AVPacket *packet;
	int stream;
	int64_t deadline_ms, samples;
	/* the voice: means of PIECE samples */
	uint16_t *means;
	size_t count;
	int64_t sum;
	unsigned in_piece;
};

static void end(void *arg)
{
	struct derive *d = arg;

	d->av->avcodec_free_context(&d->encoder);
	d->av->avcodec_free_context(&d->decoder);
	d->av->avformat_close_input(&d->in);
	if (d->reader)
		d->av->av_freep(&d->reader->buffer);
	d->av->avio_context_free(&d->reader);
	d->av->swr_free(&d->resampler);
	d->av->sws_freeContext(d->scaler);
	d->av->av_frame_free(&d->frame);
	d->av->av_frame_free(&d->small);
	d->av->av_packet_free(&d->packet);
	if (d->fd >= 0)
		close(d->fd);
}

/* ---- reading ---- */

static int read_file(void *arg, uint8_t *out, int size)
{
	const struct derive *d = arg;
	ssize_t n = read(d->fd, out, (size_t)size);

	return n > 0 ? (int)n : AVERROR_EOF;
}

static int64_t seek_file(void *arg, int64_t offset, int whence)
{
	const struct derive *d = arg;
	int64_t at, size;

	if (whence != AVSEEK_SIZE)
		return lseek(d->fd, offset, whence & ~AVSEEK_FORCE);
	at = lseek(d->fd, 0, SEEK_CUR);
	size = lseek(d->fd, 0, SEEK_END);
	lseek(d->fd, at, SEEK_SET);
	return size;
}

static int open_nothing(AVFormatContext *in, AVIOContext **out, const char *url, int flags,
	AVDictionary **options)
{
	(void)in, (void)out, (void)url, (void)flags, (void)options;
	return AVERROR(EPERM);
}

static int give_up(void *arg)
{
	const struct derive *d = arg;

	return clock_now_ms() > d->deadline_ms;
}

static bool open_source(struct derive *d, const char *path)
{
	uint8_t *buffer = d->av->av_malloc(READ_BUFFER);

	d->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (buffer)
		d->reader = d->av->avio_alloc_context(buffer, READ_BUFFER, 0, d, read_file, NULL,
			seek_file);
	d->in = d->av->avformat_alloc_context();
	if (d->fd < 0 || !d->reader || !d->in)
		return false;
	d->in->pb = d->reader;
	d->in->flags |= AVFMT_FLAG_CUSTOM_IO;
	d->in->io_open = open_nothing;
	d->in->interrupt_callback = (AVIOInterruptCB){ give_up, d };
	d->in->max_streams = 8;
	d->in->probesize = 1 << 20;
	d->in->max_analyze_duration = 2 * AV_TIME_BASE;
	d->av->av_opt_set(d->in, "format_whitelist", CONTAINERS, 0);
	d->av->av_opt_set(d->in, "codec_whitelist", CODECS, 0);
	return d->av->avformat_open_input(&d->in, NULL, NULL, NULL) >= 0 &&
	       d->av->avformat_find_stream_info(d->in, NULL) >= 0;
}

static bool open_decoder(struct derive *d, enum AVMediaType type)
{
	const AVCodec *codec = NULL;
	AVStream *stream;

	d->stream = d->av->av_find_best_stream(d->in, type, -1, -1, &codec, 0);
	if (d->stream < 0 || !codec)
		return false;
	stream = d->in->streams[d->stream];
	d->decoder = d->av->avcodec_alloc_context3(codec);
	if (!d->decoder ||
		d->av->avcodec_parameters_to_context(d->decoder, stream->codecpar) < 0)
		return false;
	d->decoder->pkt_timebase = stream->time_base;
	d->decoder->thread_count = 1;
	d->decoder->max_pixels = 64 << 20;
	d->av->av_opt_set(d->decoder, "codec_whitelist", CODECS, 0);
	d->frame = d->av->av_frame_alloc();
	d->packet = d->av->av_packet_alloc();
	return d->frame && d->packet && d->av->avcodec_open2(d->decoder, codec, NULL) >= 0;
}

/* ---- a picture ---- */

static bool next_frame(struct derive *d, int packets_max)
{
	for (int i = 0; i < packets_max && d->av->av_read_frame(d->in, d->packet) >= 0; i++) {
		if (d->packet->stream_index == d->stream)
			(void)d->av->avcodec_send_packet(d->decoder, d->packet);
		d->av->av_packet_unref(d->packet);
		if (d->av->avcodec_receive_frame(d->decoder, d->frame) == 0)
			return true;
		if (give_up(d))
			return false;
	}
	(void)d->av->avcodec_send_packet(d->decoder, NULL);
	return d->av->avcodec_receive_frame(d->decoder, d->frame) == 0;
}

static bool scale(struct derive *d)
{
	AVFrame *f = d->frame;
	int64_t height = (int64_t)DERIVE_THUMB_WIDTH * f->height / f->width;

	d->small = d->av->av_frame_alloc();
	if (!d->small || f->width < 1 || f->height < 1)
		return false;
	d->small->width = DERIVE_THUMB_WIDTH;
	d->small->height = (int)(height < 2 ? 2 : height > 4 * DERIVE_THUMB_WIDTH
						     ? 4 * DERIVE_THUMB_WIDTH
						     : height);
	d->small->format = AV_PIX_FMT_YUVJ420P;
	d->scaler = d->av->sws_getContext(f->width, f->height, f->format, d->small->width,
		d->small->height, AV_PIX_FMT_YUVJ420P, SWS_AREA, NULL, NULL, NULL);
	if (!d->scaler || d->av->av_frame_get_buffer(d->small, 0) < 0)
		return false;
	return d->av->sws_scale(d->scaler, (const uint8_t *const *)f->data, f->linesize, 0,
		       f->height, d->small->data, d->small->linesize) > 0;
}

static void encode(struct derive *d)
{
	const AVCodec *codec = d->av->avcodec_find_encoder_by_name("mjpeg");

	d->encoder = codec ? d->av->avcodec_alloc_context3(codec) : NULL;
	if (!d->encoder)
		return;
	d->encoder->width = d->small->width;
	d->encoder->height = d->small->height;
	d->encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
	d->encoder->time_base = (AVRational){ 1, 25 };
	d->encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
	d->encoder->global_quality = FF_QP2LAMBDA * QUALITY;
	d->encoder->thread_count = 1;
	d->small->quality = d->encoder->global_quality;
	d->small->pts = 0;
	if (d->av->avcodec_open2(d->encoder, codec, NULL) < 0 ||
		d->av->avcodec_send_frame(d->encoder, d->small) < 0 ||
		d->av->avcodec_receive_packet(d->encoder, d->packet) < 0)
		return;
	if (d->packet->size > 0 && d->packet->size <= (int)DERIVE_THUMB_MAX)
		d->out->thumbnail = arena_bytes(d->job->arena,
			(bytes){ d->packet->data, (size_t)d->packet->size });
	d->av->av_packet_unref(d->packet);
}

static void derive_picture(struct derive *d)
{
	if (!open_decoder(d, AVMEDIA_TYPE_VIDEO) || !next_frame(d, PACKETS_OF_PICTURE))
		return;
	d->out->width = (uint32_t)d->frame->width;
	d->out->height = (uint32_t)d->frame->height;
	if (scale(d))
		encode(d);
}

/* ---- a voice ---- */

static void hear(struct derive *d, const int16_t *samples, int count)
{
	for (int i = 0; i < count; i++) {
		d->sum += samples[i] < 0 ? -samples[i] : samples[i];
		if (++d->in_piece < PIECE)
			continue;
		if (d->count < PIECES_MAX)
			d->means[d->count++] = (uint16_t)(d->sum / PIECE);
		d->sum = 0;
		d->in_piece = 0;
	}
	d->samples += count;
}

static bool open_resampler(struct derive *d)
{
	AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;

	return d->resampler ||
	       (d->frame->sample_rate > 0 && d->frame->ch_layout.nb_channels > 0 &&
		       d->av->swr_alloc_set_opts2(&d->resampler, &mono, AV_SAMPLE_FMT_S16, RATE,
			       &d->frame->ch_layout, d->frame->format, d->frame->sample_rate, 0,
			       NULL) >= 0 &&
		       d->av->swr_init(d->resampler) >= 0);
}

static bool take_sound(struct derive *d)
{
	int room, n;
	int16_t *samples;

	if (!open_resampler(d))
		return false;
	room = d->av->swr_get_out_samples(d->resampler, d->frame->nb_samples);
	samples = heap_alloc((size_t)(room > 0 ? room : 1) * sizeof *samples);
	n = d->av->swr_convert(d->resampler, (uint8_t *[]){ (uint8_t *)samples }, room,
		(const uint8_t **)d->frame->extended_data, d->frame->nb_samples);
	if (n > 0)
		hear(d, samples, n);
	heap_free(samples);
	d->av->av_frame_unref(d->frame);
	return n >= 0;
}

/* "64 blocks; mean absolute value of each; divide by maximum; ×100, floor". */
static bytes waveform(struct derive *d)
{
	uint8_t *out = arena_alloc(d->job->arena, WA_WAVEFORM_SIZE);
	double blocks[WA_WAVEFORM_SIZE] = { 0 }, most = 0;

	for (size_t i = 0; i < WA_WAVEFORM_SIZE; i++) {
		size_t from = i * d->count / WA_WAVEFORM_SIZE;
		size_t to = (i + 1) * d->count / WA_WAVEFORM_SIZE;

		for (size_t at = from; at < to || at == from; at++)
			blocks[i] += d->means[at];
		blocks[i] /= to > from ? (double)(to - from) : 1;
		most = blocks[i] > most ? blocks[i] : most;
	}
	for (size_t i = 0; i < WA_WAVEFORM_SIZE && most > 0; i++)
		out[i] = (uint8_t)floor(blocks[i] / most * 100);
	return (bytes){ out, WA_WAVEFORM_SIZE };
}

static void derive_sound(struct derive *d)
{
	if (!open_decoder(d, AVMEDIA_TYPE_AUDIO))
		return;
	d->means = ARENA_ARRAY(d->job->arena, uint16_t, PIECES_MAX);
	while (next_frame(d, PACKETS_MAX) && take_sound(d) && d->count < PIECES_MAX && !give_up(d))
		;
	if (d->samples)
		d->out->seconds = (uint32_t)((d->samples + RATE / 2) / RATE);
	if (d->count)
		d->out->waveform = waveform(d);
}

/* ---- ---- */

static void note_length(struct derive *d)
{
	if (d->in->duration > 0 && d->in->duration < 86400LL * AV_TIME_BASE)
		d->out->seconds =
			(uint32_t)((d->in->duration + AV_TIME_BASE / 2) / AV_TIME_BASE);
}

void derive_media(struct job *job, const struct media_info *info, const char *path,
	struct linked_derived *out)
{
	struct derive *d = ARENA_NEW(job->arena, struct derive);
	bool is_image = str_starts(info->mime_type, S("image/")),
	     is_video = str_starts(info->mime_type, S("video/")),
	     is_audio = str_starts(info->mime_type, S("audio/"));
	const char *why;

	if (!is_image && !is_video && !is_audio)
		return;
	*d = (struct derive){ .av = voice_library(&why), .job = job, .out = out, .fd = -1,
		.deadline_ms = clock_now_ms() + DERIVE_MS };
	if (!d->av)
		return;
	d->av->av_log_set_level(AV_LOG_QUIET);
	d->av->av_max_alloc(ALLOCATION_MAX);
	job_defer(job, end, d);
	if (!open_source(d, path))
		return;
	if (!is_image)
		note_length(d);
	if (is_audio)
		derive_sound(d);
	else
		derive_picture(d);
}
