/*
 * notify_hooks.h: what the test buttons of /notifications reach; set once at start.
 */
#ifndef API_NOTIFY_HOOKS_H
#define API_NOTIFY_HOOKS_H

#include "runtime/job.h"

/* To all browsers of the job's person; *sent: how many took it. */
extern enum err (*api_push_test_hook)(struct job *job, size_t *sent);
/* To the address of the job's person. */
extern enum err (*api_mail_test_hook)(struct job *job);

#endif
