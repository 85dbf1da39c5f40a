/*
 * voice.h: a browser's recording made into a voice message as WhatsApp shows it: Ogg Opus, mono.
 *
 * Reads WebM, Ogg, MP4 and WAV; nothing else is tried. What is read comes from memory alone: no
 * address in it is followed. Takes about a second of one core for a minute of sound: call workers.
 */
#ifndef INBOX_VOICE_H
#define INBOX_VOICE_H

#include "base/buf.h"
#include "runtime/job.h"

#define VOICE_SOURCE_MAX (16u << 20)          /* octets of a recording */
#define VOICE_MAX_MS (16 * 60 * 1000LL)
#define VOICE_WORK_MAX_MS 20000               /* then it is given up */
#define VOICE_RESULT_MAX (16u << 20)          /* what WhatsApp takes */

/* Into a buf of the job's arena. ERR_INPUT "not_a_recording", "too_long" with a next step. */
enum err voice_convert(struct job *job, bytes source, struct buf *out, int64_t *duration_ms);

#endif
