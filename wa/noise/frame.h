/*
 * frame.h: frames in a stream of octets: three octets of length, then the body.
 *
 * A socket may cut the stream anywhere. What has come waits in a buffer that is given back when it
 * is empty, so an idle connection holds none.
 * Source: docs/protocol/linked-device-1-transport.md §1.2.
 */
#ifndef WA_NOISE_FRAME_H
#define WA_NOISE_FRAME_H

#include "base/buf.h"

#define FRAME_HEADER_SIZE 3
#define FRAME_MAX ((1u << 24) - 1)

struct frame_reader { struct buf waiting; size_t at; };

void frame_init(struct frame_reader *r);
void frame_done(struct frame_reader *r);
void frame_feed(struct frame_reader *r, bytes octets);
/* The next whole body; it holds until the next frame_feed. false: more must come. */
bool frame_next(struct frame_reader *r, bytes *body);
/* The length of a body that follows. false: a frame cannot be that long. */
bool frame_write_header(struct buf *out, size_t size);

#endif
