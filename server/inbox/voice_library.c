/* voice_library.c: see voice_library.h. */
#include "inbox/voice_library.h"

#include "base/str.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define FILE_OF(name, version) "lib" name ".so." AV_STRINGIFY(version)

static const char *const files[VOICE_SHARED] = {
	[FORMAT] = FILE_OF("avformat", LIBAVFORMAT_VERSION_MAJOR),
	[CODEC] = FILE_OF("avcodec", LIBAVCODEC_VERSION_MAJOR),
	[UTIL] = FILE_OF("avutil", LIBAVUTIL_VERSION_MAJOR),
	[RESAMPLE] = FILE_OF("swresample", LIBSWRESAMPLE_VERSION_MAJOR),
	[SCALE] = FILE_OF("swscale", LIBSWSCALE_VERSION_MAJOR),
};

static const struct call { enum voice_shared library; const char *name; size_t at; } calls[] = {
#define CALL(library, name) { library, #name, offsetof(struct voice_library, name) },
	VOICE_CALLS(CALL)
#undef CALL
};

static struct voice_library loaded;
static char why_not[200];

static bool look_up(void *const *handles, const struct call *call)
{
	void *found = dlsym(handles[call->library], call->name);

	memcpy((char *)&loaded + call->at, &found, sizeof found);
	if (!found)
		snprintf(why_not, sizeof why_not, "%s lacks %s", files[call->library], call->name);
	return found;
}

static void load(void)
{
	void *handles[VOICE_SHARED];

	for (int i = 0; i < VOICE_SHARED; i++) {
		handles[i] = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
		if (!handles[i]) {
			snprintf(why_not, sizeof why_not, "%s cannot be loaded", files[i]);
			return;
		}
	}
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		if (!look_up(handles, &calls[i]))
			return;
}

const struct voice_library *voice_library(const char **why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	*why = why_not;
	return why_not[0] ? NULL : &loaded;
}
