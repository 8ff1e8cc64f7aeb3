// Tries everything that a sandbox must not do, with all of Deno's permissions and its own system calls.
// Arguments: a JSON object of what there is to be reached. Prints a JSON object: attempt -> "open" or the reason.

const there = JSON.parse(Deno.args[0]);
const results = {};

async function attempt(name, action) {
  try {
    await action();
    results[name] = "open";
  } catch (error) {
    results[name] = String(error.message ?? error).replace(/.*\((os error \d+)\).*/s, "$1").slice(0, 60);
  }
}

await attempt("read /etc/passwd", () => Deno.readTextFile("/etc/passwd"));
await attempt("read a secret of the service", () => Deno.readTextFile(there.secret));
await attempt("list /", () => Array.fromAsync(Deno.readDir("/")));
await attempt("list /proc", () => Array.fromAsync(Deno.readDir("/proc")));
await attempt("read /proc/<service>/environ", () => Deno.readTextFile(`/proc/${there.pid}/environ`));
await attempt("read /proc/<service>/cmdline", () => Deno.readTextFile(`/proc/${there.pid}/cmdline`));
await attempt("open /proc/<service>/mem", () => Deno.open(`/proc/${there.pid}/mem`));
await attempt("read /proc/self/environ", () => Deno.readTextFile("/proc/self/environ"));
await attempt("stat a secret of the service", () => Deno.stat(there.secret));
await attempt("write a file", () => Deno.writeTextFile(`${there.folder}/written`, "x"));
await attempt("append to a file", () => Deno.writeTextFile(there.secret, "x", { append: true }));
await attempt("make a folder", () => Deno.mkdir(`${there.folder}/made`));
await attempt("remove a file", () => Deno.remove(`${there.folder}/removable`));
await attempt("make a symbolic link", () => Deno.symlink("/", `${there.folder}/link`));
await attempt("change a mode", () => Deno.chmod(there.secret, 0o777));
await attempt("change a time", () => Deno.utime(there.secret, 1, 1));
await attempt("connect by TCP", () => Deno.connect({ port: there.tcp }));
await attempt("listen by TCP", () => Deno.listen({ port: 0 }));
await attempt("send by UDP", async () => {
  const socket = Deno.listenDatagram({ port: 0, transport: "udp" });
  await socket.send(new Uint8Array(1), { transport: "udp", hostname: "127.0.0.1", port: there.udp });
});
await attempt("connect to a unix socket", () => Deno.connect({ transport: "unix", path: there.unix }));
await attempt("start a shell", () => new Deno.Command("/bin/sh", { args: ["-c", "true"] }).output());
await attempt("start Deno again", () => new Deno.Command(there.deno, { args: ["--version"] }).output());
await attempt("signal the service", () => Deno.kill(there.pid, "SIGUSR1"));

let libc;
await attempt("load libc", () => {
  const numbers = Array(7).fill("i64");
  libc = Deno.dlopen("libc.so.6", {
    syscall: { parameters: numbers, result: "i64" },
    __errno_location: { parameters: [], result: "pointer" },
  }).symbols;
});

function address(bytes) {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

function text(value) {
  return address(new TextEncoder().encode(value + "\0"));
}

function system(number, ...given) {
  const all = [number, ...given, 0, 0, 0, 0, 0, 0].slice(0, 7).map(BigInt);
  const answer = libc.syscall(...all);
  if (answer < 0n) {
    const errno = new Deno.UnsafePointerView(libc.__errno_location()).getInt32();
    throw new Error(`errno ${errno}`);
  }
  if ((number === 57 || number === 56 || number === 435) && answer === 0n) libc.syscall(231n, 0n, 0n, 0n, 0n, 0n, 0n);
  return answer;
}

/** Harmless arguments that the call itself refuses with `errno`: then nothing else has stopped it. */
function letThrough(errno, action) {
  try {
    action();
  } catch (error) {
    if (error.message !== `errno ${errno}`) throw error;
  }
}

const SIGCHLD = 17;
const NATIVE = {
  "fork": () => system(57),
  "clone a process": () => system(56, SIGCHLD),
  "clone3": () => {
    const request = new BigUint64Array(11);
    request[4] = BigInt(SIGCHLD);
    return system(435, address(request), 88);
  },
  "execve": () => letThrough(2, () => system(59, text("/nothing"), 0, 0)),
  "execveat the descriptor that Deno was started from": () => system(322, 777, text(""), 0, 0, 0x1000),
  "take that descriptor's number": () => system(33, 1, 777),
  "raise a limit": () => system(302, 0, 7, address(new BigUint64Array([4096n, 4096n])), 0),
  "ptrace the service": () => system(101, 0x4206, there.pid, 0, 0),
  "process_vm_readv the service": () => {
    const local = address(new BigUint64Array([BigInt(address(new Uint8Array(8))), 8n]));
    return system(310, there.pid, local, 1, address(new BigUint64Array([BigInt(there.address), 8n])), 1, 0);
  },
  "pidfd_open the service": () => system(434, there.pid, 0),
  "kill the service": () => system(62, there.pid, 10),
  "kill everyone": () => system(62, -1, 0),
  "tgkill the service": () => system(234, there.pid, there.pid, 10),
  "have the service signalled by fcntl": () => system(72, 0, 8, there.pid),
  "read the service's limits": () => system(302, there.pid, 0, 0, address(new BigUint64Array(2))),
  "change the service's priority": () => system(141, 0, there.pid, 5),
  "TCP socket": () => system(41, 2, 1, 0),
  "UDP socket": () => system(41, 2, 2, 0),
  "unix socket": () => system(41, 1, 1, 0),
  "netlink socket": () => system(41, 16, 3, 0),
  "packet socket": () => system(41, 17, 3, 0),
  "vsock socket": () => system(41, 40, 1, 0),
  "datagram socket pair": () => system(53, 1, 2, 0, address(new Int32Array(2))),
  "connect to an abstract socket": () => {
    const socket = system(41, 1, 1, 0);
    const name = new Uint8Array([1, 0, 0, ...new TextEncoder().encode(there.abstract)]);
    return system(42, socket, address(name), name.length);
  },
  "io_uring": () => system(425, 1, address(new Uint8Array(120))),
  "userfaultfd": () => system(323, 1),
  "bpf": () => system(321, 0, address(new BigUint64Array([0x400000001n, 0x100000004n, 0n, 0n])), 32),
  "perf_event_open": () => {
    const attributes = new Uint32Array(32);
    attributes.set([1, 128]);
    return system(298, address(attributes), 0, -1, -1, 0);
  },
  "keyctl": () => system(250, 0, -3, 1),
  "add_key": () => system(248, text("user"), text("faaspool"), text("x"), 1, -3),
  "mount": () => letThrough(2, () => system(165, text("none"), text("/nothing"), text("tmpfs"), 0, 0)),
  "chroot": () => letThrough(2, () => system(161, text("/nothing"))),
  "unshare a user namespace": () => system(272, 0x10000000),
  "setns": () => letThrough(22, () => system(308, 0, 0)),
  "memfd_create": () => system(319, text("x"), 0),
  "shared memory by mmap": () => system(9, 0, 4096, 3, 0x21, -1, 0),
  "shared memory by shmget": () => system(29, 0, 4096, 0o1600),
  "personality": () => system(135, 0x0040000),
  "openat2 /etc/passwd": () => system(437, -100, text("/etc/passwd"), address(new BigUint64Array(3)), 24),
  "open_by_handle_at": () => letThrough(22, () => system(304, 0, address(new BigUint64Array(4)), 0)),
  "set an attribute of a file": () => system(188, text(there.secret), text("user.x"), text("x"), 1, 0),
  "fanotify": () => system(300, 0, 0),
  "inotify": () => system(294, 0),
  "swap off": () => letThrough(2, () => system(168, text("/nothing"))),
};
for (const [name, action] of Object.entries(NATIVE)) {
  await attempt(name, libc ? action : () => Promise.reject(new Error("no libc")));
}
console.log(JSON.stringify(results));
Deno.exit(0);
