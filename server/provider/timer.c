/* timer.c: see timer.h. */
#include "provider/timer.h"

#define DAY_S 86400
#define CONTENT_MAX 512

bool timer_is_known(int64_t seconds)
{
	return seconds == 0 || seconds == DAY_S || seconds == 7 * DAY_S || seconds == 90 * DAY_S;
}

str timer_sentence(struct arena *arena, int64_t seconds)
{
	long long days = seconds / DAY_S;

	if (seconds <= 0)
		return S("Messages do not disappear any more.");
	if (!days)
		return arena_printf(arena, "Messages disappear after %lld seconds.",
			(long long)seconds);
	return arena_printf(arena, "Messages disappear after %lld day%s.", days,
		days == 1 ? "" : "s");
}

str timer_content(struct arena *arena, int64_t seconds)
{
	struct buf b = buf_in(arena, CONTENT_MAX);

	json_open(&b, '{');
	json_put(&b, "type", S("timer"));
	json_put(&b, "body", timer_sentence(arena, seconds));
	json_put_int(&b, "seconds", seconds);
	json_close(&b, '}');
	return buf_text(&b);
}
