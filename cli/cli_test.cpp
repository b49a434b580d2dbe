// The verbs, against a gateway that says what the test wants it to.
#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <thread>

#include "base/hash.hpp"
#include "cli/completion.hpp"
#include "cli/verb.hpp"
#include "cli/watch.hpp"

namespace drover::cli {
namespace {

struct Cli : testing::Test {
    Cli() {
        session.out = [this](std::string_view text) { out += text; };
        session.err = [this](std::string_view text) { err += text; };
        session.now = [] { return Instant{seconds(1'000'000).ns}; };
        serve(R"(/v1/events)", R"({"events": [], "next": 7, "more": false})");
        const int port = server.bind_to_any_port("127.0.0.1");
        thread = std::thread([this] { server.listen_after_bind(); });
        while (!server.is_running()) std::this_thread::yield();
        session.environment.addr = "127.0.0.1:" + std::to_string(port);
        session.environment.cwd = "/";
    }
    ~Cli() override {
        server.stop();
        thread.join();
        std::remove(job_file.c_str());
    }

    void serve(const std::string& path, const std::string& body, int status = 200) {
        server.Get(path, [body, status](const httplib::Request&, httplib::Response& response) {
            response.status = status;
            response.set_content(body, "application/json");
        });
    }
    int run(const std::vector<std::string>& args) {
        out.clear();
        err.clear();
        session.json = false;
        return run_cli(session, args);
    }
    std::string write_job(const std::string& text) {
        std::ofstream(job_file) << text;
        return job_file;
    }

    Session session;
    std::string out, err;
    std::string job_file = "/tmp/drover-cli-" + random_hex(8) + ".yaml";
    httplib::Server server;
    std::thread thread;
};

constexpr const char* kJob = R"(job: web
type: service
groups:
  - name: front
    tasks:
      - { name: server, driver: raw_exec, config: { command: /bin/true } }
)";

std::string job_json(const std::string& status, int version, const std::string& alloc_status) {
    return Json{{"name", "web"},
                {"type", "service"},
                {"version", version},
                {"status", status},
                {"why", status == "failed" ? "task \"server\" of alloc 4f1c0000 failed" : ""},
                {"stopped", false},
                {"submitted_at", 0},
                {"groups", {{"front", {{"count", 1}, {"running", 1}, {"complete", 0}}}}},
                {"allocs",
                 {{{"id", "4f1c000000000000"},
                   {"group", "front"},
                   {"index", 0},
                   {"status", alloc_status},
                   {"desired", "run"},
                   {"node", "n"},
                   {"tasks", Json::array()}}}}}
        .dump();
}

TEST_F(Cli, EveryVerbHasHelpWithAnExampleAndMachineOutput) {
    const auto tree = make_tree(session);
    const std::function<void(CLI::App&, std::vector<std::string>)> visit = [&](CLI::App& app,
                                                                               std::vector<std::string> path) {
        const auto children = app.get_subcommands([](CLI::App*) { return true; });
        for (CLI::App* child : children) {
            auto longer = path;
            longer.push_back(child->get_name());
            visit(*child, longer);
        }
        if (!children.empty()) return;
        path.push_back("--help");
        EXPECT_EQ(run(path), kOk);
        EXPECT_NE(out.find("Example:\n  "), std::string::npos) << path[0] << " " << path[1];
        EXPECT_NE(out.find("-o,--output"), std::string::npos) << path[0] << " " << path[1];
    };
    visit(*tree, {});
    EXPECT_EQ(run({"--help"}), kOk);
    EXPECT_NE(out.find("Exit codes: 0 ok, 1 failed"), std::string::npos);
}

TEST_F(Cli, WrongUsageIsExitCodeTwo) {
    EXPECT_EQ(run({}), kUsage);
    EXPECT_EQ(run({"jb"}), kUsage);
    EXPECT_EQ(run({"job", "run"}), kUsage);
    EXPECT_EQ(run({"version", "-o", "xml"}), kUsage);
    EXPECT_FALSE(err.empty());
}

TEST_F(Cli, AnUnreachableDroverIsExitCodeThreeWithWhatWasTried) {
    session.environment.addr.clear();
    session.environment.data_dir = "/nonexistent/drover";
    EXPECT_EQ(run({"job", "status"}), kUnreachable);
    EXPECT_NE(err.find("/nonexistent/drover/run/gateway.addr"), std::string::npos);
    EXPECT_NE(err.find("drover dev"), std::string::npos);
    EXPECT_EQ(run({"tap"}), kUnreachable);
    session.environment.addr = "127.0.0.1:1";
    EXPECT_EQ(run({"node", "status"}), kUnreachable);
    EXPECT_NE(err.find("tried http://127.0.0.1:1 (from DROVER_ADDR)"), std::string::npos);
}

TEST_F(Cli, AnUnknownJobIsExitCodeFour) {
    serve("/v1/jobs/nope", R"({"error": {"kind": "not_found", "message": "there is no job \"nope\""}})", 404);
    EXPECT_EQ(run({"job", "status", "nope"}), kNotFound);
    EXPECT_EQ(err, "Error: there is no job \"nope\"\n");
    EXPECT_EQ(run({"job", "status", "nope", "-o", "json"}), kNotFound);
    EXPECT_EQ(Json::parse(err)["error"]["kind"], "not_found");
    EXPECT_EQ(out, "");
}

TEST_F(Cli, AnInvalidFileIsNamedWithLineAndNothingIsSubmitted) {
    const std::string file = write_job("job: web\ntyp: service\ngroups: []\n");
    EXPECT_EQ(run({"job", "run", file}), kUsage);
    EXPECT_NE(err.find(file + ":2:"), std::string::npos);
    EXPECT_EQ(run({"job", "validate", file, "-o", "json"}), kUsage);
    EXPECT_EQ(Json::parse(out)["valid"], false);
    EXPECT_EQ(run({"job", "validate", write_job(kJob)}), kOk);
    EXPECT_EQ(run({"job", "run", "/nonexistent.yaml"}), kUsage);
}

TEST_F(Cli, JobRunWaitsAndSaysWhatItBecame) {
    server.Post("/v1/jobs", [](const httplib::Request&, httplib::Response& response) {
        response.set_content(R"({"name": "web", "version": 2})", "application/json");
    });
    std::atomic<int> asked{0};
    server.Get("/v1/jobs/web", [&](const httplib::Request&, httplib::Response& response) {
        const int n = ++asked;
        response.set_content(n < 3 ? job_json("running", 1, "running") : job_json("running", 2, "running"),
                             "text/json");
    });
    EXPECT_EQ(run({"job", "run", write_job(kJob)}), kOk) << err;
    EXPECT_EQ(out, "Job \"web\", version 2, is submitted.\nJob \"web\" is running: 1 alloc.\n");
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(run({"job", "run", "-o", "json", write_job(kJob)}), kOk);
    EXPECT_EQ(Json::parse(out)["status"], "running");
}

TEST_F(Cli, AFailedJobShowsTheReasonTheLastLinesAndTheNextCommand) {
    server.Post("/v1/jobs", [](const httplib::Request&, httplib::Response& response) {
        response.set_content(R"({"name": "web", "version": 1})", "application/json");
    });
    serve("/v1/jobs/web", job_json("failed", 1, "failed"));
    serve("/v1/allocs/4f1c000000000000",
          R"({"tasks": [{"name": "server", "failed": true, "events": [{"type": "Terminated", "message": "Exit Code: 3"},
              {"type": "Not Restarting", "message": "Exceeded allowed attempts"}]}]})");
    server.Get("/v1/allocs/4f1c000000000000/logs", [](const httplib::Request& request, httplib::Response& response) {
        response.set_content(request.get_param_value("stream") == "stderr" ? "cannot bind\n" : "", "text/plain");
    });
    EXPECT_EQ(run({"job", "run", write_job(kJob)}), kFailed);
    EXPECT_EQ(err,
              "Error: job \"web\" did not come up: task \"server\" of alloc 4f1c0000 failed\n"
              "Task \"server\": Terminated: Exit Code: 3 (Exceeded allowed attempts)\n"
              "Last lines of stderr of task \"server\":\n  cannot bind\n"
              "Next: drover alloc status 4f1c0000\n"
              "To start it anew: drover job stop web, then drover job run\n");
}

TEST_F(Cli, AJobThatNeverStartsEndsTheWaitWithWhatItWaitsFor) {
    server.Post("/v1/jobs", [](const httplib::Request&, httplib::Response& response) {
        response.set_content(R"({"name": "web", "version": 1})", "application/json");
    });
    serve("/v1/jobs/web", R"({"name": "web", "type": "service", "version": 1, "status": "pending",
                              "why": "no node is ready", "groups": {}, "allocs": []})");
    EXPECT_EQ(run({"job", "run", "--timeout", "0", write_job(kJob)}), kFailed);
    EXPECT_EQ(err,
              "Error: job \"web\" did not come up: it is still pending after 0s: no node is ready\n"
              "Next: drover job status web\n");
}

TEST(Judge, DecidesOnlyAboutTheVersionThatWasSubmitted) {
    const auto job = [](const char* status, int version, const char* type = "service") {
        return Json{{"status", status}, {"version", version}, {"type", type}};
    };
    const Instant now{seconds(100).ns};
    EXPECT_FALSE(judge_run(job("running", 1), 2, now).has_value());
    EXPECT_EQ(judge_run(job("running", 2), 2, now)->code, kOk);
    EXPECT_FALSE(judge_run(job("running", 2, "batch"), 2, now).has_value());
    EXPECT_EQ(judge_run(job("complete", 2, "batch"), 2, now)->code, kOk);
    EXPECT_EQ(judge_run(job("failed", 2), 2, now)->code, kFailed);
    EXPECT_EQ(judge_run(job("pending", 3), 2, now)->code, kFailed);
    EXPECT_EQ(judge_run(job("stopping", 2), 2, now)->code, kFailed);
    EXPECT_FALSE(judge_run(job("pending", 2), 2, now).has_value());
}

TEST(Judge, AServiceThatHasJustStartedIsGivenASecondToFail) {
    Json job = {{"status", "running"}, {"version", 1}, {"type", "service"}};
    job["allocs"] = {{{"current", true}, {"tasks", {{{"state", "running"}, {"started_at", seconds(100).ns}}}}}};
    EXPECT_FALSE(judge_run(job, 1, Instant{} + milliseconds(100'999)).has_value());
    EXPECT_EQ(judge_run(job, 1, Instant{} + seconds(101))->code, kOk);
}

TEST_F(Cli, AnAllocsTimelineIsOldestFirstWithPidAndWaits) {
    serve("/v1/allocs/4f", R"({"id": "4f1c000000000000", "job": "web", "group": "front", "index": 1, "node": "n-1",
        "status": "pending", "description": "", "desired": "run", "reason": "", "created_at": 999940000000000,
        "tasks": [{"name": "server", "state": "pending", "failed": false, "restarts": 1, "pid": 0,
                   "exit": {"code": 1, "signal": 0, "oom": false, "error": ""}, "why": "waits for its restart",
                   "next_attempt": 0, "events": [
                     {"type": "Received", "time": 1, "message": "Task received by client"},
                     {"type": "Terminated", "time": 2, "message": "Exit Code: 1\u001b[2J"}]}]})");
    EXPECT_EQ(run({"alloc", "status", "4f"}), kOk);
    EXPECT_NE(out.find("Created  1m ago"), std::string::npos) << out;
    EXPECT_NE(
        out.find("Task \"server\" is pending, restarted once, last exit code 1\n  waiting: waits for its restart\n"),
        std::string::npos)
        << out;
    EXPECT_LT(out.find("Received"), out.find("Terminated"));
    EXPECT_NE(out.find("Exit Code: 1?[2J"), std::string::npos);
    EXPECT_EQ(run({"alloc", "status", "4f", "-o", "json"}), kOk);
    EXPECT_EQ(Json::parse(out)["tasks"][0]["events"][1]["type"], "Terminated");
}

TEST_F(Cli, OrdersAreSentToTheAlloc) {
    std::string body;
    server.Post("/v1/allocs/4f/signal", [&](const httplib::Request& request, httplib::Response& response) {
        body = request.body;
        response.set_content(R"({"id": "4f1c000000000000", "order": "signal"})", "application/json");
    });
    EXPECT_EQ(run({"alloc", "signal", "-s", "SIGHUP", "4f", "server"}), kOk);
    EXPECT_EQ(body, R"({"task":"server","signal":"SIGHUP"})");
    EXPECT_EQ(out, "Alloc 4f1c0000 is being sent the signal.\nWatch it with: drover alloc status 4f1c0000\n");
    EXPECT_EQ(run({"alloc", "signal", "4f"}), kUsage);
}

TEST_F(Cli, AWholeAllocIsRestarted) {
    std::string body;
    server.Post("/v1/allocs/4f/restart", [&](const httplib::Request& request, httplib::Response& response) {
        body = request.body;
        response.set_content(R"({"id": "4f1c000000000000", "order": "restart"})", "application/json");
    });
    EXPECT_EQ(run({"alloc", "restart", "--all", "4f"}), kOk);
    EXPECT_EQ(body, R"({"all":true})");
    EXPECT_EQ(run({"alloc", "restart", "4f", "server"}), kOk);
    EXPECT_EQ(body, R"({"task":"server"})");
}

TEST_F(Cli, AStopOrARestartMaySkipTheShutdownDelay) {
    std::string said;
    const auto answer = [&](const httplib::Request& request, httplib::Response& response) {
        said = request.method == "DELETE" ? request.get_param_value("no_shutdown_delay") : request.body;
        response.set_content(R"({"id": "4f1c000000000000", "name": "web", "stopped": true})", "application/json");
    };
    server.Post("/v1/allocs/4f/(stop|restart)", answer);
    server.Delete("/v1/jobs/web", answer);
    EXPECT_EQ(run({"alloc", "stop", "4f", "--no-shutdown-delay"}), kOk) << err;
    EXPECT_EQ(said, R"({"no_shutdown_delay":true})");
    EXPECT_EQ(run({"alloc", "restart", "4f", "server", "--no-shutdown-delay"}), kOk) << err;
    EXPECT_EQ(said, R"({"task":"server","no_shutdown_delay":true})");
    EXPECT_EQ(run({"alloc", "stop", "4f"}), kOk) << err;
    EXPECT_EQ(said, "{}");
    EXPECT_EQ(run({"job", "stop", "web", "--no-shutdown-delay", "--detach"}), kOk) << err;
    EXPECT_EQ(said, "true");
    EXPECT_EQ(run({"job", "stop", "web", "--detach"}), kOk) << err;
    EXPECT_EQ(said, "");
    for (const std::vector<std::string>& verb :
         {std::vector<std::string>{"job", "stop"}, {"alloc", "stop"}, {"alloc", "restart"}}) {
        EXPECT_EQ(run({verb[0], verb[1], "--help"}), kOk);
        EXPECT_NE(out.find("--no-shutdown-delay"), std::string::npos);
    }
    EXPECT_EQ(run({"completion", "bash"}), kOk);
    const std::size_t at = out.find("'alloc stop') words=");
    ASSERT_NE(at, std::string::npos);
    EXPECT_NE(out.substr(at, out.find('\n', at) - at).find("--no-shutdown-delay"), std::string::npos);
}

TEST_F(Cli, APurgeWaitsUntilTheJobIsGone) {
    std::string query;
    std::atomic<int> asked{0};
    server.Delete("/v1/jobs/web", [&](const httplib::Request& request, httplib::Response& response) {
        query = request.get_param_value("purge");
        response.set_content(R"({"name": "web", "stopped": true, "purge": true})", "application/json");
    });
    server.Get("/v1/jobs/web", [&](const httplib::Request&, httplib::Response& response) {
        const bool gone = ++asked > 2;
        response.status = gone ? 404 : 200;
        response.set_content(gone ? R"({"error": {"kind": "not_found", "message": "there is no job \"web\""}})"
                                  : R"({"name": "web", "status": "stopped", "stopped": true})",
                             "application/json");
    });
    EXPECT_EQ(run({"job", "stop", "web", "--purge"}), kOk) << err;
    EXPECT_EQ(query, "true");
    EXPECT_EQ(out, "Job \"web\" is gone.\n");
    asked = 0;
    EXPECT_EQ(run({"job", "stop", "web"}), kOk) << err;
    EXPECT_EQ(query, "");
    EXPECT_EQ(out, "Job \"web\" is stopped.\n");
}

TEST_F(Cli, ANodeIsDrainedWithADeadlineOrWithout) {
    std::string body;
    server.Post("/v1/nodes/worker/drain", [&](const httplib::Request& request, httplib::Response& response) {
        body = request.body;
        response.set_content(R"({"id": "0123456789abcdef", "draining": true})", "application/json");
    });
    server.Delete("/v1/nodes/worker/drain", [&](const httplib::Request&, httplib::Response& response) {
        response.set_content(R"({"id": "0123456789abcdef", "eligible": false})", "application/json");
    });
    EXPECT_EQ(run({"node", "drain", "worker"}), kOk) << err;
    EXPECT_EQ(body, R"({"deadline":"1h"})");
    EXPECT_EQ(out,
              "Node 01234567 is being drained: services leave it now, batch jobs within 1h.\n"
              "Watch it with: drover node status\n");
    EXPECT_EQ(run({"node", "drain", "worker", "--no-deadline"}), kOk);
    EXPECT_EQ(body, "{}");
    EXPECT_EQ(run({"node", "drain", "worker", "--disable", "-o", "json"}), kOk);
    EXPECT_EQ(Json::parse(out)["eligible"], false);
    EXPECT_EQ(run({"node", "drain", "worker", "--disable"}), kOk);
    EXPECT_NE(out.find("drover node eligibility 01234567 --enable"), std::string::npos) << out;
    EXPECT_EQ(run({"node", "drain", "worker", "--disable", "--deadline", "1h"}), kUsage);
    EXPECT_EQ(run({"node", "drain", "worker", "--deadline", "soon"}), kUsage);
    EXPECT_EQ(run({"node", "drain"}), kUsage);
}

TEST_F(Cli, EligibilityIsOneOrTheOther) {
    std::string body;
    server.Post("/v1/nodes/worker/eligibility", [&](const httplib::Request& request, httplib::Response& response) {
        body = request.body;
        response.set_content(R"({"id": "0123456789abcdef"})", "application/json");
    });
    EXPECT_EQ(run({"node", "eligibility", "worker", "--enable"}), kOk);
    EXPECT_EQ(body, R"({"eligible":true})");
    EXPECT_EQ(run({"node", "eligibility", "worker", "--disable"}), kOk);
    EXPECT_EQ(body, R"({"eligible":false})");
    EXPECT_EQ(run({"node", "eligibility", "worker"}), kUsage);
    EXPECT_EQ(run({"node", "eligibility", "worker", "--enable", "--disable"}), kUsage);
}

TEST_F(Cli, NodeStatusSaysWhoTakesNewAllocs) {
    serve("/v1/nodes", R"({"nodes": [
        {"id": "aaaaaaaaaaaa", "name": "one", "state": "ready", "eligible": true, "allocs": 3, "cpu": 2.0,
         "memory": 1048576, "drivers": {}, "attributes": {"storage.used_percent": "84.4"}},
        {"id": "bbbbbbbbbbbb", "name": "two", "state": "ready", "eligible": false, "draining": true,
         "drain_deadline": 1003300000000000, "drivers": {}, "attributes": {}},
        {"id": "cccccccccccc", "name": "three", "state": "down", "eligible": false, "drivers": {}}]})");
    EXPECT_EQ(run({"node", "status"}), kOk) << err;
    EXPECT_NE(out.find("yes                 3       0 of 2  0 B of 1 MiB  84%"), std::string::npos) << out;
    EXPECT_NE(out.find("draining, 55m left  0"), std::string::npos) << out;
    EXPECT_NE(out.find("no                  0"), std::string::npos) << out;
}

TEST_F(Cli, GarbageIsListedWithReasonsAndRemovedToTheLast) {
    int rounds = 0;
    server.Post("/v1/gc", [&](const httplib::Request& request, httplib::Response& response) {
        const bool dry = Json::parse(request.body).value("dry_run", false);
        const bool more = dry || ++rounds < 3;
        Json answer = {{"dry_run", dry}, {"due", 3}, {"more", more}, {"collected", Json::array()}};
        answer["collected"].push_back({{"id", "4f1c00000000000" + std::to_string(rounds)},
                                       {"job", "web"},
                                       {"group", "front"},
                                       {"index", 0},
                                       {"status", "complete"},
                                       {"ended_at", 900'000'000'000'000},
                                       {"reason", "it ended 27h ago"}});
        response.set_content(answer.dump(), "application/json");
    });
    EXPECT_EQ(run({"gc", "--dry-run"}), kOk) << err;
    EXPECT_EQ(rounds, 0);
    EXPECT_NE(out.find("it ended 27h ago\n1 alloc would be removed first, 3 in all.\n"), std::string::npos) << out;
    EXPECT_EQ(run({"gc"}), kOk);
    EXPECT_EQ(rounds, 3);
    EXPECT_NE(out.find("3 allocs removed.\n"), std::string::npos) << out;
    rounds = 0;
    EXPECT_EQ(run({"gc", "-o", "json"}), kOk);
    EXPECT_EQ(Json::parse(out)["collected"].size(), 3U);
}

TEST_F(Cli, ARemovedAllocIsShownWithItsLastWords) {
    serve("/v1/allocs/4f", R"({"id": "4f1c000000000000", "job": "web", "group": "front", "index": 0, "node": "n",
        "status": "failed", "desired": "removed", "reason": "it ended 8d ago", "created_at": 1,
        "collected_at": 999940000000000, "tasks": [{"name": "server", "state": "dead", "failed": true,
        "last_output": "one\ntwo\u001b", "events": []}]})");
    EXPECT_EQ(run({"alloc", "status", "4f"}), kOk) << err;
    EXPECT_NE(out.find("Desired  removed: it ended 8d ago\n"), std::string::npos) << out;
    EXPECT_NE(out.find("Removed  1m ago; this is what is kept of it\n"), std::string::npos) << out;
    EXPECT_NE(out.find("  Last output:\n    one\n    two?\n"), std::string::npos) << out;
}

TEST_F(Cli, LogsArePrintedAsTheyAre) {
    server.Get("/v1/logs/4f", [](const httplib::Request& request, httplib::Response& response) {
        response.set_content(request.get_param_value("stream") + request.get_param_value("tail") + "\x1b[1m\n",
                             "text/plain");
    });
    EXPECT_EQ(run({"alloc", "logs", "--stderr", "--tail", "5", "4f"}), kOk);
    EXPECT_EQ(out, "stderr5\x1b[1m\n");
    EXPECT_EQ(run({"alloc", "logs", "--tail", "x", "4f"}), kUsage);
}

TEST_F(Cli, MergedLogsAreLinesBehindTheNameOfWhoWroteThem) {
    std::string asked;
    server.Get(R"(/v1/logs/(\w+))", [&](const httplib::Request& request, httplib::Response& response) {
        asked = request.get_param_value("merge") + request.get_param_value("stream") + request.get_param_value("since");
        response.set_content(R"({"alloc":"4f1c000000000000","task":"web","stream":"stdout","at":5,"line":"hello"}
{"alloc":"4f1c000000000000","task":"database","stream":"stderr","at":6,"line":"\u001b[1mloud"}
{"alloc":"4f1c000000000000","task":"web","stream":"stdout","error":"node n1 is away"}
)",
                             "application/x-ndjson");
    });
    EXPECT_EQ(run({"alloc", "logs", "--merge", "--since", "10m", "4f1c"}), kFailed);
    EXPECT_EQ(asked, "true10m");
    EXPECT_EQ(out, "web | hello\ndatabase ! \x1b[1mloud\n");
    EXPECT_EQ(err, "web: node n1 is away\n");
    EXPECT_EQ(run({"alloc", "logs", "--merge", "shop"}), kFailed);
    EXPECT_EQ(out, "4f1c0000/web | hello\n4f1c0000/database ! \x1b[1mloud\n");
    run({"alloc", "logs", "--merge", "-o", "json", "shop"});
    EXPECT_EQ(Json::parse(out.substr(0, out.find('\n')))["line"], "hello");
}

TEST_F(Cli, CompletionKnowsEveryVerbAndOption) {
    const auto tree = make_tree(session);
    const std::string bash = completion(*tree, "bash");
    EXPECT_NE(
        bash.find("'') words='dev job alloc node driver gc var store audit keys token events tap version completion "
                  "--help --token-file --ca-file'"),
        std::string::npos)
        << bash;
    EXPECT_NE(bash.find("'job') words='run validate status stop policy --help'"), std::string::npos);
    EXPECT_NE(bash.find("'job run') words='--help --output --detach --timeout'"), std::string::npos);
    EXPECT_NE(bash.find("'node eligibility') words='--help --output --enable --disable'"), std::string::npos) << bash;
    EXPECT_NE(completion(*tree, "zsh").find("'alloc') words_='status logs exec stats stop restart signal --help'"),
              std::string::npos);
    EXPECT_EQ(run({"completion", "bash"}), kOk);
    EXPECT_EQ(out, bash);
    EXPECT_EQ(run({"completion", "fish"}), kUsage);
}

TEST_F(Cli, AnotherVoiceThanAGatewaysIsSaidToBeOne) {
    serve("/v1/nodes", "<html>", 200);
    EXPECT_EQ(run({"node", "status"}), kFailed);
    EXPECT_NE(err.find("not from a Drover gateway"), std::string::npos);
}

TEST(Query, NamesAndValuesAreEncoded) {
    EXPECT_EQ(with_query("/v1/x", {{"a", "1 2"}, {"empty", ""}, {"b", "ä/&"}}), "/v1/x?a=1%202&b=%C3%A4%2F%26");
}

TEST_F(Cli, APolicyIsShownAtWorkBeforeAnythingIsDeployed) {
    const std::string file = write_job(kJob);
    EXPECT_EQ(run({"job", "policy", "simulate", file, "--runs", "1s,5s", "-o", "json"}), kOk) << err;
    const Json answer = Json::parse(out);
    const Json& attempts = answer["tasks"][0]["attempts"];
    ASSERT_EQ(attempts.size(), 3u) << out;
    EXPECT_EQ(attempts[0]["starts"], 0);
    EXPECT_EQ(attempts[1]["ran"], seconds(5).ns);
    EXPECT_EQ(attempts[2]["then"], "failed");
    EXPECT_EQ(run({"job", "policy", "simulate", file, "--task", "nobody"}), kNotFound);
    EXPECT_EQ(run({"job", "policy", "simulate", file, "--runs", "soon"}), kUsage);
}

}  // namespace
}  // namespace drover::cli
