/*
 * timer.h: how long messages of a chat stay, where the network lets them disappear.
 */
#ifndef PROVIDER_TIMER_H
#define PROVIDER_TIMER_H

#include "base/json.h"

#define TIMER_MAX_S (366 * 86400LL) /* what is believed of others */
/* 0 (off), a day, a week, 90 days: what people can choose. */
bool timer_is_known(int64_t seconds);
/* "Messages disappear after 7 days." */
str timer_sentence(struct arena *arena, int64_t seconds);
/* Of KIND_SYSTEM: {"type":"timer","body":the sentence,"seconds"}. */
str timer_content(struct arena *arena, int64_t seconds);

#endif
