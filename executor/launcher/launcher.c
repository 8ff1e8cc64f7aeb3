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
#define LANDLOCK_RESTRICT_SELF 446

extern char **environ;

static void step(const char *name, long answer) {
  if (answer == 0) return;
  dprintf(2, "belt: %s: %s\n", name, strerror(errno));
  _exit(EXIT_CANNOT);
}

int main(int count, char **arguments) {
  static uint64_t plan[MAX_WORDS];
  if (count < 6) {
    dprintf(2, "belt: started by faaspool alone\n");
    return EXIT_CANNOT;
  }
  int plan_descriptor = atoi(arguments[1]), ruleset = atoi(arguments[2]), executable = atoi(arguments[3]);
  ssize_t size = pread(plan_descriptor, plan, sizeof plan, 0);
  if (size <= 0 || size == sizeof plan) step("plan", (errno = EINVAL));
  close(plan_descriptor);
  uint64_t *limits = plan + 1, *slots = limits + 3 * plan[0], *program = slots + 1 + slots[0];
  struct sock_filter *instructions = (struct sock_filter *)(program + 1);
  for (uint64_t n = 0; n < slots[0]; n++) instructions[slots[1 + n]].k = (uint32_t)getpid();

  step("die with the service", prctl(PR_SET_PDEATHSIG, SIGKILL));
  if (getppid() != atoi(arguments[4])) return EXIT_CANNOT;
  if (dup3(executable, EXEC_DESCRIPTOR, O_CLOEXEC) < 0) step("descriptor", -1);
  close(executable);
  for (uint64_t n = 0; n < plan[0]; n++) {
    struct rlimit limit = {.rlim_cur = limits[3 * n + 1], .rlim_max = limits[3 * n + 2]};
    step("limits", setrlimit((int)limits[3 * n], &limit));
  }
  step("no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  if (ruleset >= 0) {
    step("landlock", syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0));
    close(ruleset);
  }
  if (program[0]) {
    struct sock_fprog filter = {.len = (unsigned short)program[0], .filter = instructions};
    step("seccomp", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0));
  }
  step("exec", syscall(SYS_execveat, EXEC_DESCRIPTOR, "", arguments + 5, environ, AT_EMPTY_PATH));
  return EXIT_CANNOT;
}
