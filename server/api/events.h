/* events.h: raw webhooks as people see them. */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "net/http.h"

/* Set once by main: an event was put back, the processor may look. */
extern void (*api_events_hook)(void);

enum err events_list(struct job *job, const struct request *req, struct response *res);
enum err events_get(struct job *job, const struct request *req, struct response *res);
enum err events_replay(struct job *job, const struct request *req, struct response *res);

#endif
