#include "host/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace drover::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Config {
    std::string listen = "127.0.0.1:4646";
    bool tap_all = false;
    std::int64_t limit = 10;
    double share = 0.5;
    Duration timeout = seconds(5);
    Size max_body = Size{1 << 20};
    std::vector<std::string> peers;
    std::string token;

    std::vector<Option> options() {
        return join({{"listen", &listen, "address to serve on"}, {"tap_all", &tap_all, "whether to tap everything"}},
                    {{"limit", &limit, "requests at a time"},
                     {"share", &share, "part of the machine"},
                     {"timeout", &timeout, "how long a request may wait"},
                     {"max_body", &max_body, "largest request body"},
                     {"peers", &peers, "endpoints to connect to"},
                     {"token", &token, "what callers must show", true}});
    }
};

const Program kProgram{"drover-test", "Tests the tests.", "drover-test --limit 3"};

class File {
   public:
    explicit File(const std::string& text)
        : path_(testing::TempDir() + "config_test_" + std::to_string(::getpid()) + ".yaml") {
        std::ofstream(path_) << text;
    }
    ~File() { ::unlink(path_.c_str()); }
    const std::string& path() const { return path_; }

   private:
    std::string path_;
};

Result<std::string> load(Config& config, const ConfigInput& input) {
    return load_config(kProgram, config.options(), input);
}

std::string error_of(const ConfigInput& input) {
    Config config;
    const auto text = load(config, input);
    return text ? "no error: " + *text : text.error().message;
}

std::string error_of_file(const std::string& text) {
    const File file(text);
    std::string message = error_of({{"--config", file.path()}, {}});
    const std::size_t at = message.find(file.path());
    return at == std::string::npos ? message : message.replace(at, file.path().size(), "FILE");
}

TEST(Config, EveryTypeReadsFromAFile) {
    const File file(
        "listen: 0.0.0.0:1\ntap_all: true\nlimit: -3\nshare: 0.25\ntimeout: 1m30s\nmax_body: 2MiB\n"
        "peers: [\"ipc:///a\", tcp://b:1]\n");
    Config config;
    ASSERT_EQ(load(config, {{"--config=" + file.path()}, {}}).value(), "");
    EXPECT_EQ(config.listen, "0.0.0.0:1");
    EXPECT_TRUE(config.tap_all);
    EXPECT_EQ(config.limit, -3);
    EXPECT_EQ(config.share, 0.25);
    EXPECT_EQ(config.timeout, seconds(90));
    EXPECT_EQ(config.max_body, Size{2 << 20});
    EXPECT_THAT(config.peers, ElementsAre("ipc:///a", "tcp://b:1"));
}

TEST(Config, FlagsWinOverVariablesOverTheFileOverDefaults) {
    const File file("limit: 1\nshare: 0.1\ntimeout: 1s\n");
    Config config;
    const ConfigInput input{{"--limit", "3"},
                            {{"DROVER_CONFIG", file.path()}, {"DROVER_LIMIT", "2"}, {"DROVER_SHARE", "0.2"}}};
    ASSERT_TRUE(load(config, input));
    EXPECT_EQ(config.limit, 3);
    EXPECT_EQ(config.share, 0.2);
    EXPECT_EQ(config.timeout, seconds(1));
    EXPECT_EQ(config.listen, "127.0.0.1:4646");
}

TEST(Config, FlagsTakeDashesEqualsListsAndBareBools) {
    Config config;
    ASSERT_TRUE(load(config, {{"--tap-all", "--max_body=3k", "--peers", "a,b", "--listen="}, {}}));
    EXPECT_TRUE(config.tap_all);
    EXPECT_EQ(config.max_body, Size{3 << 10});
    EXPECT_THAT(config.peers, ElementsAre("a", "b"));
    EXPECT_EQ(config.listen, "");
}

TEST(Config, AnUnknownNameIsAnErrorThatNamesTheNearest) {
    EXPECT_EQ(error_of({{"--lisen", "x"}, {}}), "--lisen: unknown option; did you mean --listen?");
    EXPECT_EQ(error_of({{"--prnt-config"}, {}}), "--prnt-config: unknown option; did you mean --print-config?");
    EXPECT_EQ(error_of({{"--zebra"}, {}}), "--zebra: unknown option; see drover-test --help");
    EXPECT_EQ(error_of_file("limit: 1\ntime_out: 3s\n"), "FILE:2: time_out: unknown option; did you mean timeout?");
}

TEST(Config, AWrongValueIsAnErrorThatSaysWhereAndWhatToWrite) {
    EXPECT_EQ(error_of_file("\nlimit: many\n"), "FILE:2: limit: \"many\" is no whole number; write for example 42");
    EXPECT_EQ(error_of_file("tap_all: yes\n"), "FILE:1: tap_all: \"yes\" is neither true nor false");
    EXPECT_EQ(error_of_file("peers: a\n"), "FILE:1: peers: takes a list; write [a, b]");
    EXPECT_EQ(error_of_file("limit: [1]\n"), "FILE:1: limit: takes one value, not a list");
    EXPECT_EQ(error_of_file("limit:\n"), "FILE:1: limit: has no value; write one, or remove the line");
    EXPECT_EQ(error_of_file("limit: 1\nlimit: 2\n"), "FILE:2: limit: is given twice; keep one");
    EXPECT_EQ(error_of_file("- a\n"), "FILE:1: expected lines of name: value");
    EXPECT_THAT(error_of_file("a: [\n"), HasSubstr("not valid YAML"));
    EXPECT_THAT(error_of_file(std::string(100'000, '[')), HasSubstr("not valid YAML"));
    EXPECT_THAT(error_of({{}, {{"DROVER_TIMEOUT", "5"}}}), HasSubstr("DROVER_TIMEOUT: \"5\" is no duration"));
    EXPECT_THAT(error_of({{"--share", "much"}, {}}), HasSubstr("--share: \"much\" is no number"));
    EXPECT_EQ(error_of({{"--limit"}, {}}), "--limit: needs a value");
    EXPECT_EQ(error_of({{"--limit", "1", "--limit=2"}, {}}), "--limit: is given twice; keep one");
    EXPECT_THAT(error_of({{"start"}, {}}), HasSubstr("unexpected argument \"start\""));
    EXPECT_THAT(error_of({{"--config", "/no/such/file"}, {}}), HasSubstr("/no/such/file"));
    EXPECT_THAT(error_of({{"--config", "/"}, {}}), HasSubstr("cannot read the configuration: cannot"));
}

TEST(Config, PrintConfigShowsEveryValueItsOriginAndNoSecret) {
    const File file("limit: 7\n");
    Config config;
    const auto text = load(config, {{"--print-config", "--listen", "a b", "--peers", "x,y:"},
                                    {{"DROVER_TOKEN", "hunter2"}, {"DROVER_CONFIG", file.path()}}})
                          .value();
    EXPECT_THAT(text, HasSubstr("listen: \"a b\""));
    EXPECT_THAT(text, HasSubstr("# --listen"));
    EXPECT_THAT(text, HasSubstr("# " + file.path() + ":1"));
    EXPECT_THAT(text, HasSubstr("# DROVER_TOKEN"));
    EXPECT_THAT(text, HasSubstr("# default"));
    EXPECT_THAT(text, HasSubstr("token: \"***\""));
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
}

TEST(Config, WhatPrintConfigPrintsReadsBackTheSame) {
    Config config;
    const std::string odd = "- #\"\\\n\t: x";
    const auto text =
        load(config, {{"--print-config", "--listen", odd, "--peers", "ipc:///x,null,a: b", "--share=0.1"}, {}}).value();
    const File file(text);
    Config again;
    ASSERT_TRUE(load(again, {{"--config", file.path()}, {}})) << text;
    EXPECT_EQ(again.listen, odd);
    EXPECT_EQ(again.peers, config.peers);
    EXPECT_EQ(again.share, 0.1);
    EXPECT_EQ(again.timeout, seconds(5));
}

TEST(Config, HelpNamesEveryOptionItsDefaultAndAnExample) {
    Config config;
    const auto text = load(config, {{"--help"}, {}}).value();
    for (const Option& option : config.options()) EXPECT_THAT(text, HasSubstr(option.help));
    EXPECT_THAT(text, HasSubstr("--max-body SIZE"));
    EXPECT_THAT(text, HasSubstr("(default 1MiB)"));
    EXPECT_THAT(text, HasSubstr("Example: drover-test --limit 3"));
    EXPECT_EQ(load(config, {{"--version"}, {}}).value(), "drover-test " + version() + "\n");
}

TEST(Config, ASecretOfTheWrongFormIsNotRepeated) {
    std::int64_t pin = 0;
    const auto text = load_config(kProgram, {{"pin", &pin, "number to show", true}}, {{"--pin", "hunter2"}, {}});
    EXPECT_EQ(text.error().message, "--pin: the value has the wrong form");
}

}  // namespace
}  // namespace drover::host
