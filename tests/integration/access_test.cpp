// Who may use the gateway: HTTPS with a certificate of the test's own, and tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = seconds(90);
constexpr const char* kJob = R"(
job: web
groups:
  - name: front
    tasks:
      - { name: server, driver: raw_exec, config: { command: /bin/sleep, args: ["1000"] } }
)";
// A client that is not ours: ADDRESS PATH TOKEN CA; prints what is answered.
constexpr const char* kForeignClient = R"(
import ssl, sys, urllib.request
address, path, token, ca = sys.argv[1:]
request = urllib.request.Request(address + path, headers={"Authorization": "Bearer " + token})
print(urllib.request.urlopen(request, context=ssl.create_default_context(cafile=ca), timeout=20).read().decode())
)";

std::string whole(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Access : public testing::Test {
   protected:
    Access() : cluster(Layout{.environment = [this] { return environment; }}) {
        const Outcome made = run({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                  "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file("key"), "-out", file("crt"),
                                  "-days", "2", "-subj", "/CN=drover test", "-addext", "subjectAltName=IP:127.0.0.1"},
                                 {});
        EXPECT_EQ(made.code, 0) << made.err;
        ::chmod(file("key").c_str(), 0600);
        for (const std::string role : {"read", "submit", "admin"}) {
            const Outcome token =
                cluster.drover({"token", "new", "a-" + role, "--role", role, "--file", file("tokens")});
            EXPECT_EQ(token.code, 0) << token.err;
            std::ofstream(file(role)) << token.out;
        }
        environment = {"DROVER_HTTP_TOKENS_FILE=" + file("tokens"), "DROVER_HTTP_TLS_CERTIFICATE_FILE=" + file("crt"),
                       "DROVER_HTTP_TLS_KEY_FILE=" + file("key")};
        for (const Replica& replica : cluster.replicas()) cluster.start(replica);
        EXPECT_TRUE(eventually(
            [&] {
                return as("read", {"node", "status"}).out.find("ready") != std::string::npos;
            },
            kLong))
            << as("read", {"node", "status"}).err << cluster.logs();
    }

    std::string file(const std::string& name) const { return cluster.dir() + "/access-" + name; }
    // The command line with the token of a role, or with none.
    Outcome as(const std::string& role, const Words& arguments, const Words& more = {}) const {
        Words words = {std::string(DROVER_BIN) + "/drover"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        Words env = more;  // the first of a name counts
        env.insert(env.end(), {"DROVER_DATA_DIR=" + cluster.dir(), "NO_COLOR=1", "DROVER_CACERT=" + file("crt")});
        if (!role.empty()) env.push_back("DROVER_TOKEN_FILE=" + file(role));
        return run(words, env, kLong);
    }
    std::string gateway_log() const { return whole(cluster.dir() + "/gateway.log"); }
    // Submitted and running.
    std::string run_job() const {
        std::ofstream(file("job.yaml")) << kJob;
        const Outcome submitted = as("submit", {"job", "run", file("job.yaml")});
        EXPECT_EQ(submitted.code, 0) << submitted.out << submitted.err << cluster.logs();
        const Json view = Json::parse(as("read", {"job", "status", "web", "-o", "json"}).out, nullptr, false);
        return view.is_object() ? view["allocs"][0]["id"].get<std::string>() : "";
    }

    Words environment;
    Cluster cluster;
};

TEST_F(Access, WithoutAListedTokenIsRefusedCountedAndLoggedWithTheAddressAndNeverTheToken) {
    const Outcome none = as("", {"job", "status"});
    EXPECT_EQ(none.code, 1);
    EXPECT_THAT(none.err, AllOf(HasSubstr("a token is needed"), HasSubstr("DROVER_TOKEN_FILE")));
    const Outcome wrong = as("", {"job", "status"}, {"DROVER_TOKEN=open-sesame"});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_THAT(wrong.err, HasSubstr("the token is not one of those that are listed here"));
    const Outcome exec = as("", {"alloc", "exec", "4f1c", "true"});
    EXPECT_EQ(exec.code, 1);
    EXPECT_THAT(exec.err, HasSubstr("a token is needed"));

    std::string address = whole(cluster.dir() + "/run/gateway.addr");
    address.erase(address.find('\n'));
    EXPECT_THAT(address, HasSubstr("https://127.0.0.1:"));
    std::string token = whole(file("read"));
    token.erase(token.find('\n'));
    const Outcome metrics =
        run({"/usr/bin/python3", "-c", kForeignClient, address, "/metrics", token, file("crt")}, {});
    EXPECT_THAT(metrics.out, HasSubstr("\ndrover_http_turned_away_total 3\n")) << metrics.err;
    const std::string log = gateway_log();
    EXPECT_THAT(log, AllOf(HasSubstr("turned away peer=127.0.0.1"), Not(HasSubstr("sesame")), Not(HasSubstr(token))));
}

TEST_F(Access, ARoleMayDoWhatItIsForOnEveryKindOfRoute) {
    const std::string alloc = run_job();
    EXPECT_THAT(as("read", {"job", "run", file("job.yaml")}).err,
                HasSubstr("the token \"a-read\" has the role read, and this needs submit"));
    EXPECT_EQ(as("read", {"alloc", "exec", alloc, "true"}).code, 1);
    EXPECT_EQ(as("read", {"events", "-o", "json"}).code, 0);
    EXPECT_EQ(as("read", {"alloc", "logs", alloc}).code, 0);
    const std::string node = Json::parse(as("read", {"node", "status", "-o", "json"}).out)["nodes"][0]["id"];
    EXPECT_THAT(as("submit", {"node", "eligibility", node, "--disable"}).err, HasSubstr("needs admin"));
    EXPECT_EQ(as("admin", {"node", "eligibility", node, "--disable"}).code, 0);

    const Outcome exec = as("submit", {"alloc", "exec", alloc, "sh", "-c", "echo from inside; exit 7"});
    EXPECT_EQ(exec.code, 7) << exec.err;
    EXPECT_EQ(exec.out, "from inside\n");
    EXPECT_TRUE(eventually(
        [&] {
            const std::string view = as("read", {"alloc", "status", alloc, "-o", "json"}).out;
            return view.find("Exec Started") != std::string::npos && view.find("\"a-submit\"") != std::string::npos;
        },
        kLong))
        << as("read", {"alloc", "status", alloc, "-o", "json"}).out << "does not say whose token it was";
    EXPECT_EQ(as("submit", {"job", "stop", "web"}).code, 0);
}

TEST_F(Access, ATokenThatIsTakenOutIsNoGoodAfterSighup) {
    const std::string tokens = whole(file("tokens"));
    std::ofstream(file("tokens")) << tokens.substr(0, tokens.find("\n", tokens.find("a-read")) + 1);
    EXPECT_EQ(as("admin", {"job", "status"}).code, 0) << "not read yet";
    ::kill(cluster.pid(Service::gateway), SIGHUP);
    EXPECT_TRUE(eventually([&] { return as("admin", {"job", "status"}).code == 1; }, kLong));
    EXPECT_EQ(as("read", {"job", "status"}).code, 0);
}

TEST_F(Access, ACertificateThatNobodyVouchesForIsNotTalkedTo) {
    const Outcome untrusted = as("read", {"job", "status"}, {"DROVER_CACERT="});
    EXPECT_EQ(untrusted.code, 3);
    EXPECT_THAT(untrusted.err, HasSubstr("its certificate is not of that name or not trusted"));
    std::string address = whole(cluster.dir() + "/run/gateway.addr");
    address.erase(address.find('\n'));
    const Outcome other = as("read", {"job", "status"}, {"DROVER_ADDR=https://localhost" + address.substr(17)});
    EXPECT_EQ(other.code, 3) << "it is for 127.0.0.1, not for localhost";
    const Outcome clear = as("read", {"job", "status"}, {"DROVER_ADDR=" + address.substr(8)});
    EXPECT_EQ(clear.code, 3) << "HTTP in the clear is not answered";
}

TEST_F(Access, WhatWouldLetEverybodyInKeepsTheGatewayFromStarting) {
    const auto start = [&](const Words& more) {
        Words words = {std::string(DROVER_BIN) + "/drover-gateway", "--run-dir=" + file("run"),
                       "--data-dir=" + file("data"), "--bind=ipc://" + file("gateway.sock")};
        words.insert(words.end(), more.begin(), more.end());
        return run(words, {}, seconds(20));
    };
    const Outcome open = start({"--http=0.0.0.0:0"});
    EXPECT_EQ(open.code, 1);
    EXPECT_THAT(open.err, HasSubstr("could run programs here without being asked who they are"));
    ::chmod(file("tokens").c_str(), 0644);
    const Outcome shown = start({"--http-tokens-file=" + file("tokens")});
    EXPECT_EQ(shown.code, 1);
    EXPECT_THAT(shown.err, HasSubstr("run chmod 600 on it"));
    const Outcome half = start({"--http-tls-key-file=" + file("key")});
    EXPECT_THAT(half.err, HasSubstr("go together; give both or none"));
    const Outcome swapped = start({"--http-tls-key-file=" + file("key"), "--http-tls-certificate-file=" + file("key")});
    EXPECT_THAT(swapped.err, HasSubstr("cannot use the TLS certificate " + file("key")));
}

}  // namespace
}  // namespace drover::integration
