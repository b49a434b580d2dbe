// The driver exec on a real node: what an isolated task can do, and what it cannot.
#include <gmock/gmock.h>

#include <sstream>

#include "driver-manager/shell/node_test.hpp"

namespace drover::driver_manager {
namespace {

using testing::HasSubstr;
using testing::Not;

class NodeExecTest : public NodeTest {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "isolating tasks needs root";
        const drivers::HostFacts facts = process_->hands.host_facts();
        if (!facts.mounts || !facts.cgroups) GTEST_SKIP() << "this container may not mount or has no control groups";
        ASSERT_FALSE(facts.runtime.empty()) << "install crun";
    }

    static wire::TaskCommand isolated(std::uint64_t seq, const std::string& script) {
        wire::TaskCommand result = shell(seq, script);
        result.spec.driver = "exec";
        return result;
    }

    std::string output() {
        const auto log = read_log("stdout");
        const auto errors = read_log("stderr");
        return (log ? log->data : log.error().message) + (errors ? errors->data : errors.error().message);
    }
};

// Tries to get out by every way that it knows, and prints one line for each. sys.argv: a file of the node, the pid of
// another task's process.
constexpr const char* kEscape = R"(
import ctypes, os, socket, stat, sys
libc = ctypes.CDLL(None, use_errno=True)
secret, other = sys.argv[1], int(sys.argv[2])

def sys_call(name, *args):
    if getattr(libc, name)(*args) < 0: raise OSError(ctypes.get_errno(), name)

def raw(number, *args):
    if libc.syscall(number, *args) < 0: raise OSError(ctypes.get_errno(), 'syscall')

def must_not_be(condition):
    if not condition: raise OSError(0, 'not there')

def device(place):
    path = place + '/device'
    os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(254, 0))
    open(path, 'rb').read(1)

def out_of_chroot():
    os.makedirs('/tmp/cage', exist_ok=True)
    os.chroot('/tmp/cage')
    for _ in range(20): os.chdir('..')
    os.chroot('.')
    open(secret).read()

def in_child(work):
    def run():
        pid = os.fork()
        if pid == 0:
            try: work(); os._exit(0)
            except BaseException: os._exit(1)
        must_not_be(os.waitpid(pid, 0)[1] == 0)
    return run

ways = {
    'a descriptor that was left open': lambda: must_not_be(
        [f for f in range(3, 64) if os.path.exists('/proc/self/fd/%d' % f)]),
    'host file': lambda: open(secret).read(),
    'host file through ..': lambda: open('/..' * 12 + secret).read(),
    'root of the first process': lambda: open('/proc/1/root' + secret).read(),
    'directory of the first process': lambda: open('/proc/1/cwd/../../../..' + secret).read(),
    'out of a chroot': in_child(out_of_chroot),
    'write a program of the host': lambda: open('/usr/bin/true', 'ab'),
    'write a configuration of the host': lambda: open('/etc/passwd', 'ab'),
    'write beside the root': lambda: open('/planted', 'w'),
    'write the logs': lambda: open('/alloc/logs/server.stdout.0', 'w'),
    'read the passwords': lambda: must_not_be(open('/etc/shadow').read() != ''),
    'see the process of another task': lambda: must_not_be(os.path.exists('/proc/%d/status' % other)),
    'signal the process of another task': lambda: os.kill(other, 0),
    'trace a process': lambda: sys_call('ptrace', 16, os.getppid(), 0, 0),
    'read the memory of a process': lambda: raw(310, os.getppid(), 0, 0, 0, 0, 0),
    'mount': lambda: sys_call('mount', b'none', b'/tmp', b'tmpfs', 0, None),
    'mount anew': lambda: sys_call('mount', None, b'/', None, 0x1000 | 0x20, None),
    'unmount': lambda: sys_call('umount2', b'/etc/shadow', 2),
    'mount by a file system context': lambda: raw(430, b'tmpfs', 0),
    'new namespaces': lambda: sys_call('unshare', 0x20000 | 0x10000000),
    'new namespaces of a child': lambda: raw(56, 0x10000000 | 17, 0, 0, 0, 0),
    'namespaces of the first process': lambda: sys_call('setns', os.open('/proc/1/ns/mnt', os.O_RDONLY), 0),
    'a device in /dev': lambda: device('/dev'),
    'a device in /tmp': lambda: device('/tmp'),
    'a device in /local': lambda: device('/local'),
    'a disk that is there': lambda: must_not_be([d for d in os.listdir('/dev') if stat.S_ISBLK(os.stat('/dev/' + d).st_mode)]),
    'the memory of the machine': lambda: open('/dev/mem', 'rb'),
    'the memory of the kernel': lambda: must_not_be(open('/proc/kcore', 'rb').read(1)),
    'a key of the kernel': lambda: raw(248, b'user', b'x', b'y', 1, -3),
    'the keyring of the kernel': lambda: raw(250, 0, -3, 0, 0, 0),
    'a program in the kernel': lambda: raw(321, 0, 0, 0),
    'a file by its handle': lambda: raw(304, -100, 0, 0),
    'a kernel module': lambda: raw(313, -1, b'', 0),
    'the name of the host': lambda: sys_call('sethostname', b'mine', 4),
    'the clock': lambda: sys_call('settimeofday', ctypes.create_string_buffer(16), None),
    'a setting of the kernel': lambda: open('/proc/sys/kernel/core_pattern', 'w'),
    'the keys of the console': lambda: open('/proc/sysrq-trigger', 'w').write('h'),
    'the control groups': lambda: must_not_be(os.listdir('/sys/fs/cgroup')),
    'rights by a program': lambda: must_not_be('NoNewPrivs:\t0' in open('/proc/self/status').read()),
    'the machine below': lambda: socket.socket(40, socket.SOCK_STREAM),
}
for name, way in ways.items():
    try:
        way()
        print('ESCAPED:', name)
    except OSError as e:
        print('refused:', name, '-', e.strerror)
print('tried %d ways' % len(ways), flush=True)
)";

TEST_F(NodeExecTest, ATaskThatTriesToEscapeFailsAtEachWay) {
    if (!os::exists("/usr/bin/python3")) GTEST_SKIP() << "there is no python3";
    const std::string secret = dir_ + "/secret-of-the-node";
    ASSERT_TRUE(os::write_file_atomic(secret, "x", 0644, os::Durable::no));
    wire::TaskCommand other = shell(1, "exec sleep 300");
    other.task = other.spec.name = "other";
    say(other);
    const TaskKey key{kServer.alloc, "other"};
    pid_t pid = 0;
    ASSERT_TRUE(soon([&] {
        const auto seen = process_->agent.inventory().observed(key);
        if (seen && !seen->incarnations.empty()) pid = static_cast<pid_t>(seen->incarnations[0].pid);
        return pid > 0;
    }));
    std::uint64_t seq = 0;
    for (const char* user : {"root", "nobody"}) {
        wire::TaskCommand escape = isolated(++seq, "");
        escape.spec.user = user;
        escape.spec.config = {
            {"command", {std::string("/usr/bin/python3")}},
            {"args", {Value::List{{std::string("-c")}, {std::string(kEscape)}, {secret}, {std::to_string(pid)}}}}};
        say(escape);
        EXPECT_EQ(wait_for(seq, RunPhase::exited).exit.code, 0) << output();
    }
    const std::string said = output();
    EXPECT_THAT(said, Not(HasSubstr("ESCAPED")));
    EXPECT_NE(said.find("tried 40 ways"), said.rfind("tried 40 ways")) << said;
}

TEST_F(NodeExecTest, ATaskHasItsDirectoriesAtTheirPathsAndIsNobody) {
    wire::TaskCommand task = isolated(1,
                                      "id -un; pwd; cat /secrets/key; echo made > $NOMAD_TASK_DIR/here; "
                                      "echo shared > $NOMAD_ALLOC_DIR/data/there; echo tmp > /tmp/x; ls -A /");
    wire::Template secret;
    secret.data = "s3cret\n";
    secret.destination = "secrets/key";
    task.spec.templates = {secret};
    say(task);
    EXPECT_EQ(wait_for(1, RunPhase::exited).exit.code, 0) << output();
    EXPECT_THAT(output(), HasSubstr("nobody\n/local\ns3cret\n"));
    const auto dirs = allocdir::paths(dir_ + "/allocs", kServer.alloc, kServer.task);
    EXPECT_TRUE(os::exists(dirs.local + "/here"));
    EXPECT_TRUE(os::exists(dirs.shared + "/data/there"));
    EXPECT_TRUE(os::exists(dirs.tmp + "/x"));
}

TEST_F(NodeExecTest, ItsPreKillScriptRunsInsideAsItsUserAndBeforeTheStop) {
    wire::TaskCommand task = isolated(1, "echo up; exec sleep 300");
    const wire::Script hook{
        .command = "/bin/sh",
        .args = {"-c",
                 "{ id -un; grep NoNewPrivs /proc/self/status; ls /home; cat /proc/self/cgroup; } > /local/hook 2>&1; "
                 "true"},
        .timeout = seconds(10)};
    task.spec.pre_kill = hook;
    say(task);
    ASSERT_TRUE(soon_logged("up"));
    process_->hands.pre_kill(task);
    ASSERT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_EQ(find(1).pre_kill_error, "");
    const auto dirs = allocdir::paths(dir_ + "/allocs", kServer.alloc, kServer.task);
    const std::string said = os::read_file(dirs.local + "/hook", 4096).value_or("");
    EXPECT_THAT(said, HasSubstr("nobody\nNoNewPrivs:\t1\n"));
    EXPECT_THAT(said, HasSubstr("/home")) << "which is not there";
    // The kernel names the same groups of both, so what the script uses counts as the task's.
    std::istringstream groups(
        os::read_file("/proc/" + std::to_string(find(1).pid) + "/cgroup", 1 << 16).value_or("none"));
    for (std::string group; std::getline(groups, group);) EXPECT_THAT(said, HasSubstr(group + "\n"));
}

TEST_F(NodeExecTest, AScriptThatTakesTooLongIsKilledInsideToo) {
    wire::TaskCommand task = isolated(1, "echo up; exec sleep 300");
    task.spec.pre_kill = wire::Script{
        .command = "/bin/sh", .args = {"-c", "echo $$ > /local/pid; exec sleep 300"}, .timeout = milliseconds(1500)};
    say(task);
    ASSERT_TRUE(soon_logged("up"));
    process_->hands.pre_kill(task);
    ASSERT_TRUE(soon([&] { return find(1).pre_kill_done; }));
    EXPECT_THAT(find(1).pre_kill_error, HasSubstr("was killed"));
    const pid_t main_pid = static_cast<pid_t>(find(1).pid);
    ASSERT_TRUE(soon([&] { return os::descendants(os::read_proc(main_pid)->parent).size() == 2; }));
}

TEST_F(NodeExecTest, ACapabilityThatTheNodeDoesNotAllowIsAFailedStartThatSaysSo) {
    wire::TaskCommand task = isolated(1, "true");
    task.spec.config["cap_add"] = {Value::List{{std::string("sys_admin")}}};
    say(task);
    EXPECT_THAT(wait_for(1, RunPhase::start_failed).error, HasSubstr("CAP_SYS_ADMIN; its owner decides"));
}

TEST_F(NodeExecTest, TheNodeSaysWhatItIsolatesAndLimitsWith) {
    wire::NodeObserved node;
    node.attributes["driver.exec"] = "1";
    process_->hands.describe_isolation(node);
    EXPECT_FALSE(node.attributes.at("driver.exec.version").empty());
    EXPECT_FALSE(node.attributes.at("os.cgroups.kill").empty());
}

TEST_F(NodeTest, RawExecRunsNoTaskAsRootUnlessTheNodeAllowsIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be refused to be root";
    limits_.drivers.raw_exec_root = false;
    die();
    start();
    std::uint64_t seq = 0;
    for (const char* user : {"", "root"}) {
        wire::TaskCommand task = shell(++seq, "true");
        task.spec.user = user;
        say(task);
        EXPECT_THAT(wait_for(seq, RunPhase::start_failed).error,
                    HasSubstr("raw_exec runs no task as root on this node"));
    }
    wire::TaskCommand task = shell(++seq, "id -un");
    task.spec.user = "nobody";
    say(task);
    EXPECT_EQ(wait_for(seq, RunPhase::exited).exit.code, 0);
    EXPECT_TRUE(soon_logged("nobody"));
}

TEST_F(NodeExecTest, ATaskSeesTheDeviceThatItHasToItselfAndNoOther) {
    plug_in({"mock/gpu/toy/a", "mock/gpu/toy/b"});
    wire::TaskCommand task =
        isolated(1, "cd /dev; ls mock-*; echo x > mock-a && test -c mock-a && echo $MOCK_VISIBLE_DEVICES is there");
    task.spec.resources.devices["gpu"] = 1;
    say(task);
    wait_for(1, RunPhase::exited);
    EXPECT_EQ(output(), "mock-a\na is there\n");
}

}  // namespace
}  // namespace drover::driver_manager
