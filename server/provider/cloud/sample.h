/*
 * sample.h: webhooks as Meta documents them, kept in the program: to be sent to a channel of ours
 * by hand, so that whoever sets one up sees what would come and what becomes of it.
 *
 * The samples are tests/data/cloud-webhooks (the same that the tests hold our reading to).
 */
#ifndef PROVIDER_CLOUD_SAMPLE_H
#define PROVIDER_CLOUD_SAMPLE_H

#include "base/json.h"
#include "provider/provider.h"

struct cloud_sample { const char *name, *body; }; /* JSON without blanks */
extern const struct cloud_sample cloud_samples[]; /* in the order of their names */
extern const size_t cloud_sample_count;

const struct cloud_sample *cloud_sample_find(str name); /* NULL: none */
/* The sample as if it had come for this channel now: its number and account, the time, and ids of
 * messages that nothing had before. What it says of people stays as it is. */
void cloud_sample_write(struct job *job, const struct channel *ch, json sample, struct buf *out);

#endif
