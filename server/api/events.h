/* events.h: raw webhooks as people see them. */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "net/http.h"

/* Set once by main: an event was put back, the processor may look. */
extern void (*api_events_hook)(void);

/* processor_failed_hook: the console hears of it (event.failed). */
void api_tell_failed_event(struct job *job, id64 event);

enum err events_list(struct job *job, const struct request *req, struct response *res);
enum err events_get(struct job *job, const struct request *req, struct response *res);
enum err events_replay(struct job *job, const struct request *req, struct response *res);

#endif
