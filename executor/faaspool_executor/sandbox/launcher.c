/* Puts the belt on and becomes Deno: see sandbox/launcher.py, which does the same and explains the arguments.
 *
 *     cc -static -O2 -Wall -Wextra -Werror -o faaspool-launcher launcher.c
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXEC_DESCRIPTOR 777
#define EXIT_CANNOT 126
#define MAX_WORDS 4096
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define RULE_PATH_BENEATH 1
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

extern char **environ;

static void step(const char *name, long answer) {
  if (answer == 0) return;
  dprintf(2, "belt: %s: %s\n", name, strerror(errno));
  _exit(EXIT_CANNOT);
}

/* The kernel's struct landlock_path_beneath_attr. */
struct rule {
  uint64_t access;
  int32_t descriptor;
} __attribute__((packed));

static void keep(long ruleset, uint64_t access, int descriptor) {
  struct rule rule = {.access = access, .descriptor = descriptor};
  step("landlock", syscall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0));
}

int main(int count, char **arguments) {
  static uint64_t plan[MAX_WORDS];
  if (count < 5) {
    dprintf(2, "belt: started by faaspool alone\n");
    return EXIT_CANNOT;
  }
  int executable = atoi(arguments[2]);
  ssize_t size = pread(atoi(arguments[1]), plan, sizeof plan, 0);
  if (size <= 0 || size == sizeof plan) {
    errno = EINVAL;
    step("plan", -1);
  }
  uint64_t *limits = plan, *slots = limits + 1 + 3 * limits[0], *given_up = slots + 1 + slots[0];
  uint64_t *kept = given_up + 1 + given_up[0], *own_process = kept + 1 + 2 * kept[0], *program = own_process + 1;
  struct sock_filter *instructions = (struct sock_filter *)(program + 1);
  for (uint64_t n = 1; n <= slots[0]; n++) instructions[slots[n]].k = (uint32_t)getpid();

  step("die with the service", prctl(PR_SET_PDEATHSIG, SIGKILL));
  if (getppid() != atoi(arguments[3])) return EXIT_CANNOT;
  long ruleset = -1;
  if (given_up[0]) {
    ruleset = syscall(LANDLOCK_CREATE_RULESET, given_up + 1, 8 * given_up[0], 0);
    if (ruleset < 0) step("landlock", -1);
    for (uint64_t n = 0; n < kept[0]; n++) keep(ruleset, kept[1 + 2 * n], (int)kept[2 + 2 * n]);
    keep(ruleset, *own_process, open("/proc/self", O_PATH));
  }
  /* After the rules: one of them may have had the number. */
  if (dup2(executable, EXEC_DESCRIPTOR) < 0) step("descriptor", -1);
  step("descriptors", syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
  signal(SIGXFSZ, SIG_IGN); /* A write over the limit is an error, as under Python, which ignores the signal. */
  for (uint64_t n = 0; n < limits[0]; n++) {
    uint64_t *one = limits + 1 + 3 * n;
    struct rlimit limit = {.rlim_cur = one[1], .rlim_max = one[2]};
    step("limits", setrlimit((int)one[0], &limit));
  }
  step("no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  if (given_up[0]) step("landlock", syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0));
  if (program[0]) {
    struct sock_fprog filter = {.len = (unsigned short)program[0], .filter = instructions};
    step("seccomp", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0));
  }
  step("exec", syscall(SYS_execveat, EXEC_DESCRIPTOR, "", arguments + 4, environ, AT_EMPTY_PATH));
  return EXIT_CANNOT;
}
