package launcher

import (
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// refusals are the calls that are answered with EPERM, whatever their arguments. A machine that lacks one of them leaves it out.
var refusals = []struct {
	reason string
	calls  []string
	// unlessConnecting refuses only to a plugin that may connect nowhere.
	unlessConnecting bool
}{
	{reason: "reads or changes another process",
		calls: []string{"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd", "kcmp", "move_pages", "migrate_pages"}},
	{reason: "leaves the process group, by which a plugin and its children are ended",
		calls: []string{"setsid", "setpgid"}},
	{reason: "changes what the file system looks like, or goes around its paths",
		calls: []string{"mount", "umount2", "umount", "mount_setattr", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick",
			"pivot_root", "chroot", "open_by_handle_at", "name_to_handle_at"}},
	{reason: "makes or enters namespaces, in which a process has powers that the user has not",
		calls: []string{"unshare", "setns"}},
	{reason: "runs programs in the kernel, or calls that no filter sees",
		calls: []string{"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"}},
	{reason: "reaches what the user's other processes keep outside of files",
		calls: []string{"add_key", "request_key", "keyctl", "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop", "semctl",
			"mq_open", "mq_unlink", "fanotify_init", "fanotify_mark"}},
	{reason: "changes the mode, the owner, the attributes or the times of a file, which Landlock lets a process do to any of the user's",
		calls: []string{"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
			"removexattr", "lremovexattr", "fremovexattr", "removexattrat", "utime", "utimes", "futimesat", "utimensat"}},
	{reason: "tells the names of files that come and go in any folder of the user, which Landlock does not bound either",
		calls: []string{"inotify_add_watch"}},
	{reason: "administers the machine",
		calls: []string{"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
			"syslog", "sethostname", "setdomainname", "settimeofday", "clock_settime", "vhangup"}},
	{reason: "is for old programs and machines, and opens holes in others",
		calls: []string{"personality", "modify_ldt", "iopl", "ioperm", "uselib", "nfsservctl", "_sysctl", "lookup_dcookie", "create_module", "query_module", "get_kernel_syms"}},
	{reason: "connects, be it to the user's session bus or a container engine",
		calls: []string{"connect"}, unlessConnecting: true},
}

// partialRefusal refuses a call when all conditions hold.
type partialRefusal struct {
	reason string
	call   string
	when   seccomp.ArgumentConditions
}

const (
	newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

	others   = "changes the limits or the priority of another process of the user"
	fastOpen = "connects while it sends, which Landlock does not see"
)

// partialRefusals. The kernel takes many arguments as 32 bits and ignores the rest, while a filter compares 64: conditions are written such that
// stray upper bits refuse.
var partialRefusals = []partialRefusal{
	{"makes namespaces", "clone", seccomp.ArgumentConditions{is(0, seccomp.BitsSet, newNamespaces)}},
	{fastOpen, "sendto", seccomp.ArgumentConditions{is(3, seccomp.BitsSet, unix.MSG_FASTOPEN)}},
	{fastOpen, "sendmsg", seccomp.ArgumentConditions{is(2, seccomp.BitsSet, unix.MSG_FASTOPEN)}},
	{fastOpen, "sendmmsg", seccomp.ArgumentConditions{is(3, seccomp.BitsSet, unix.MSG_FASTOPEN)}},
	{others, "prlimit64", seccomp.ArgumentConditions{is(0, seccomp.NotEqual, 0)}},
	{others, "sched_setaffinity", seccomp.ArgumentConditions{is(0, seccomp.NotEqual, 0)}},
	{others, "sched_setscheduler", seccomp.ArgumentConditions{is(0, seccomp.NotEqual, 0)}},
	{others, "sched_setparam", seccomp.ArgumentConditions{is(0, seccomp.NotEqual, 0)}},
	{others, "sched_setattr", seccomp.ArgumentConditions{is(0, seccomp.NotEqual, 0)}},
	{others, "setpriority", seccomp.ArgumentConditions{is(1, seccomp.NotEqual, 0)}},
	{others, "ioprio_set", seccomp.ArgumentConditions{is(1, seccomp.NotEqual, 0)}},
}

// socketRefusals leave local streams, and TCP to a plugin that may connect. Not left: the protocols beside TCP that make streams (MPTCP,
// SCTP), since Landlock bounds TCP alone, and local datagrams, which go to any address without a connection.
func socketRefusals(connecting bool) []partialRefusal {
	local, stream := noneOf(0, unix.AF_UNIX), noneOf(1, kinds(unix.SOCK_STREAM)...)
	refusals := []partialRefusal{
		{"is no local socket", "socketpair", local},
		{"is no stream", "socketpair", noneOf(1, kinds(unix.SOCK_STREAM, unix.SOCK_SEQPACKET)...)},
		{"is no stream", "socket", noneOf(1, kinds(unix.SOCK_STREAM, unix.SOCK_SEQPACKET)...)},
	}
	if !connecting {
		return append(refusals, partialRefusal{"is no local socket", "socket", local})
	}
	return append(refusals,
		partialRefusal{"is neither a local socket nor TCP", "socket", noneOf(0, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6)},
		partialRefusal{"is neither a local socket nor TCP", "socket", slices.Concat(local, stream)},
		partialRefusal{"is neither a local socket nor TCP", "socket", slices.Concat(local, noneOf(2, unix.IPPROTO_IP, unix.IPPROTO_TCP))},
	)
}

// kinds are the forms that the types of sockets come in: two flags share the argument with them.
func kinds(types ...uint64) []uint64 {
	var forms []uint64
	for _, t := range types {
		forms = append(forms, t, t|unix.SOCK_CLOEXEC, t|unix.SOCK_NONBLOCK, t|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	}
	return forms
}

// noneOf holds when the argument is none of the values: the refusal of all others.
func noneOf(argument uint32, values ...uint64) seccomp.ArgumentConditions {
	var conditions seccomp.ArgumentConditions
	for _, v := range values {
		conditions = append(conditions, is(argument, seccomp.NotEqual, v))
	}
	return conditions
}

func is(argument uint32, operation seccomp.Operation, value uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: operation, Value: value}
}
