/*
 * voice_library.h: libavformat and its kin, loaded with the first recording or file to derive of.
 *
 * They bring some 130 shared libraries: 20 MB of memory and 25 ms at start, which a server that
 * never hears a voice note need not pay. So the program is not linked to them; what voice.c calls
 * stands in VOICE_CALLS, typed by the libraries' own headers and looked up once. They stay loaded.
 */
#ifndef INBOX_VOICE_LIBRARY_H
#define INBOX_VOICE_LIBRARY_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

enum voice_shared { FORMAT, CODEC, UTIL, RESAMPLE, SCALE, VOICE_SHARED };

#define VOICE_CALLS(X) \
	X(FORMAT, av_find_best_stream) \
	X(FORMAT, av_interleaved_write_frame) \
	X(FORMAT, av_read_frame) \
	X(FORMAT, av_write_trailer) \
	X(FORMAT, avformat_alloc_context) \
	X(FORMAT, avformat_alloc_output_context2) \
	X(FORMAT, avformat_close_input) \
	X(FORMAT, avformat_find_stream_info) \
	X(FORMAT, avformat_free_context) \
	X(FORMAT, avformat_new_stream) \
	X(FORMAT, avformat_open_input) \
	X(FORMAT, avformat_write_header) \
	X(FORMAT, avio_alloc_context) \
	X(FORMAT, avio_close_dyn_buf) \
	X(FORMAT, avio_context_free) \
	X(FORMAT, avio_open_dyn_buf) \
	X(CODEC, av_packet_alloc) \
	X(CODEC, av_packet_free) \
	X(CODEC, av_packet_rescale_ts) \
	X(CODEC, av_packet_unref) \
	X(CODEC, avcodec_alloc_context3) \
	X(CODEC, avcodec_find_encoder_by_name) \
	X(CODEC, avcodec_free_context) \
	X(CODEC, avcodec_open2) \
	X(CODEC, avcodec_parameters_from_context) \
	X(CODEC, avcodec_parameters_to_context) \
	X(CODEC, avcodec_receive_frame) \
	X(CODEC, avcodec_receive_packet) \
	X(CODEC, avcodec_send_frame) \
	X(CODEC, avcodec_send_packet) \
	X(UTIL, av_audio_fifo_alloc) \
	X(UTIL, av_audio_fifo_free) \
	X(UTIL, av_audio_fifo_read) \
	X(UTIL, av_audio_fifo_size) \
	X(UTIL, av_audio_fifo_write) \
	X(UTIL, av_channel_layout_compare) \
	X(UTIL, av_channel_layout_copy) \
	X(UTIL, av_channel_layout_default) \
	X(UTIL, av_channel_layout_uninit) \
	X(UTIL, av_frame_alloc) \
	X(UTIL, av_frame_free) \
	X(UTIL, av_frame_get_buffer) \
	X(UTIL, av_frame_unref) \
	X(UTIL, av_free) \
	X(UTIL, av_freep) \
	X(UTIL, av_log_set_level) \
	X(UTIL, av_malloc) \
	X(UTIL, av_max_alloc) \
	X(UTIL, av_opt_set) \
	X(UTIL, av_samples_alloc) \
	X(RESAMPLE, swr_alloc_set_opts2) \
	X(RESAMPLE, swr_convert) \
	X(RESAMPLE, swr_free) \
	X(RESAMPLE, swr_get_out_samples) \
	X(RESAMPLE, swr_init) \
	X(SCALE, sws_freeContext) \
	X(SCALE, sws_getContext) \
	X(SCALE, sws_scale)

#define VOICE_MEMBER(library, name) __typeof__(name) *name;
struct voice_library { VOICE_CALLS(VOICE_MEMBER) };
#undef VOICE_MEMBER

/* NULL when one of them is not on this machine, or not of the version that we were built for;
 * *why is then its sentence, kept for good. Any thread; the first call takes some 30 ms. */
const struct voice_library *voice_library(const char **why);

#endif
