/* loop_test.c: work handed to the loop, timers, signals. */
#include "net/net_test.h"

#include <signal.h>
#include <unistd.h>

static struct test_server *start(void)
{
	return test_server_start((struct http_config){ 0 });
}

/* Notes the order in which it is called. */
struct noting {
	int order[8];
	struct test_flag done;
};

static struct noting notes;
static int note_numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static void note(void *number)
{
	notes.order[notes.done.count] = *(int *)number;
	test_flag_raise(&notes.done);
}

TEST(posts_run_in_order_on_the_loop)
{
	struct test_server *server = start();

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	EXPECT(!loop_is_here(server->loop));
	for (int i = 0; i < 8; i++)
		loop_post(server->loop, note, &note_numbers[i]);
	EXPECT(test_flag_wait(&notes.done, 8));
	for (int i = 0; i < 8; i++)
		EXPECT_INT(notes.order[i], i);
	test_server_stop(server);
}

static void set_timers(void *arg)
{
	struct loop *loop = arg;
	struct loop_timer *never = loop_after(loop, 1, note, &note_numbers[7]);

	loop_after(loop, 60, note, &note_numbers[2]);
	loop_after(loop, 30, note, &note_numbers[1]);
	loop_cancel(never);
	loop_cancel(NULL);
	EXPECT(loop_is_here(loop));
}

TEST(timers_fire_in_time_unless_cancelled)
{
	struct test_server *server = start();

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	test_on_loop(server->loop, set_timers, server->loop);
	EXPECT(test_flag_wait(&notes.done, 2));
	EXPECT_INT(notes.order[0], 1);
	EXPECT_INT(notes.order[1], 2);
	test_server_stop(server);
}

TEST(a_signal_reaches_the_loop)
{
	struct loop *loop = loop_create();
	struct test_server server = { .loop = loop };

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	loop_on_signal(loop, SIGUSR1, note, &note_numbers[3]);
	pthread_create(&server.thread, NULL, (void *(*)(void *))(void (*)(void))loop_run, loop);
	kill(getpid(), SIGUSR1);
	EXPECT(test_flag_wait(&notes.done, 1));
	EXPECT_INT(notes.order[0], 3);
	loop_stop(loop);
	pthread_join(server.thread, NULL);
	loop_destroy(loop);
}
