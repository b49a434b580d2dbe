#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "templating/fuzz.hpp"
#include "templating/render.hpp"

namespace drover::templating {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Fake : public Sources {
   public:
    Found find(const Reference& reference) const override {
        if (unknown.contains(reference.name)) return {State::unknown, "", {}, unknown.at(reference.name)};
        const auto found = texts.find(reference);
        const bool whole = reference.source == Source::variable && reference.item.empty();
        if (whole && variables.contains(reference.name)) return {State::present, "", variables.at(reference.name), ""};
        if (found == texts.end()) return {State::absent, "", {}, describe(reference)};
        return {State::present, found->second, {}, ""};
    }
    std::map<Reference, std::string> texts = {{{Source::variable, "db/main", "password"}, "hunter2"},
                                              {{Source::env, "STAGE", ""}, "live"},
                                              {{Source::file, "/etc/motd", ""}, "  hello\n"},
                                              {{Source::attribute, "cpu.arch", ""}, "amd64"},
                                              {{Source::meta, "team", ""}, "a \"b\"\n"},
                                              {{Source::node, "name", ""}, "n1"}};
    std::map<std::string, std::map<std::string, std::string>> variables = {{"app", {{"A", "1"}, {"B", "2"}}},
                                                                           {"none", {}}};
    std::map<std::string, std::string> unknown;
};

Rendered full(const std::string& text, const Sources& sources = Fake()) {
    const auto program = compile(text);
    if (!program) return {to_string(program.error()), {}, {}};
    const auto rendered = render(*program, sources);
    return rendered ? *rendered : Rendered{rendered.error().message, {}, {}};
}
std::string rendered(const std::string& text, const Sources& sources = Fake()) { return full(text, sources).text; }

TEST(Templates, ReadEverySource) {
    EXPECT_EQ(rendered(R"(p={{ var "db/main" "password" }} {{env "STAGE"}} {{ attr `cpu.arch` }} {{ node "name" }})"),
              "p=hunter2 live amd64 n1");
    EXPECT_EQ(rendered(R"({{ file "/etc/motd" | trim | toUpper }} {{ meta "team" | toJSON }})"),
              "HELLO \"a \\\"b\\\"\\n\"");
    EXPECT_EQ(rendered("no actions } {"), "no actions } {");
    EXPECT_EQ(rendered(R"({{ "{{" }} {{ "}}" }} {{/* }} not shown */}}.)"), "{{ }} .");
}

TEST(Templates, AskAndRepeat) {
    EXPECT_EQ(rendered(R"({{ if eq (env "STAGE") "live" }}1{{ else }}2{{ end }})"), "1");
    EXPECT_EQ(rendered(R"({{ if env "NONE" }}1{{ else if ne "a" "b" }}2{{ else }}3{{ end }})"), "2");
    EXPECT_EQ(rendered(R"({{ if and (env "STAGE") (not (env "NONE")) }}1{{ end }})"), "1");
    EXPECT_EQ(rendered(R"({{ range var "app" }}{{ .key }}={{ .value }};{{ end }})"), "A=1;B=2;");
    EXPECT_EQ(rendered(R"({{ range var "app" }}{{ range var "app" }}{{ .key }}{{ end }}{{ .key }} {{ end }})"),
              "ABA ABB ");
    EXPECT_EQ(rendered(R"({{ range var "none" }}x{{ else }}empty{{ end }})"), "empty");
}

TEST(Templates, TrimMarkersTakeWhiteSpaceAway) {
    EXPECT_EQ(rendered("a \n {{- \"b\" -}} \n c"), "abc");
    EXPECT_EQ(rendered("{{ if true -}}\n  x\n{{- end }}\ny"), "x\ny");
}

TEST(Templates, WhatIsAbsentIsNamedUnlessThereIsADefault) {
    const Rendered missing = full(R"({{ var "db/main" "user" }} {{ file "/x" }} {{ file "/x" }} {{ env "STAGE" }})");
    EXPECT_THAT(missing.missing, ElementsAre("item user of variable db/main", "file /x"));
    EXPECT_THAT(full(R"({{ range var "gone" }}{{ end }})").missing, ElementsAre("variable gone"));
    EXPECT_EQ(rendered(R"({{ or (env "PORT") "8080" }}{{ var "a" "b" | or (env "X") }})"), "8080");
    EXPECT_THAT(full(R"({{ env "PORT" | toUpper }})").missing, ElementsAre("environment variable PORT"));
}

TEST(Templates, NothingGoesOnWithoutWhatIsUnknown) {
    Fake sources;
    sources.unknown = {{"db/main", "the state-store is not heard"}};
    for (const char* text :
         {R"({{ or (var "db/main" "x") "default" }})", R"({{ if var "db/main" "x" }}1{{ else }}2{{ end }})",
          R"({{ range var "db/main" }}{{ else }}2{{ end }})", R"({{ eq (var "db/main" "x") "" }})",
          R"({{ not (var "db/main" "x") }})"}) {
        const Rendered out = full(text, sources);
        EXPECT_THAT(out.unknown, ElementsAre("the state-store is not heard")) << text;
        EXPECT_EQ(out.text, "") << text;
        EXPECT_THAT(out.missing, IsEmpty());
    }
}

TEST(Templates, SayWhatTheyReadBeforeTheyAreRendered) {
    const auto program =
        compile(R"({{ if env "A" }}{{ var "x" "y" }}{{ end }}{{ range var "z" }}{{ end }}{{ env "A" }})");
    ASSERT_TRUE(program);
    EXPECT_THAT(program->references,
                ElementsAre(Reference{Source::variable, "x", "y"}, Reference{Source::variable, "z", ""},
                            Reference{Source::env, "A", ""}));
}

TEST(Templates, FaultsHaveAPlaceAndTheNearestName) {
    EXPECT_EQ(rendered("a\n  {{ vra \"x\" \"y\" }}"), "line 2, column 6: there is no function vra; did you mean var?");
    EXPECT_EQ(rendered("{{ env }}"), "line 1, column 4: wrong number of arguments for env; write env \"HOME\"");
    EXPECT_EQ(rendered("{{ var \"a\" }}"),
              "line 1, column 4: wrong number of arguments for var; write var \"db/main\" \"password\"");
    EXPECT_EQ(rendered("{{ env (env \"A\") }}"), "line 1, column 4: env takes texts in quotes: env \"HOME\"");
    EXPECT_EQ(rendered("x\n{{ if env \"A\" }}"), "line 2, column 4: this if has no end");
    EXPECT_EQ(rendered("{{ end }}"), "line 1, column 4: this end closes nothing");
    EXPECT_EQ(rendered("{{ else }}"), "line 1, column 4: this else belongs to no if or range");
    EXPECT_EQ(rendered("{{ env \"A }}"), "line 1, column 8: this text has no closing quote");
    EXPECT_EQ(rendered("{{ env \"A\""), "line 1, column 11: the action is not closed with }}");
    EXPECT_EQ(rendered("{{ .key }}"), "line 1, column 4: .key has a meaning only within a range");
    EXPECT_EQ(rendered("{{ }}"), "line 1, column 4: this action is empty");
    EXPECT_EQ(rendered("{{ node \"rack\" }}"),
              "line 1, column 4: of the node there are node \"id\" and node \"name\"; other facts are attr \"...\"");
    EXPECT_EQ(rendered("{{ toUpper env \"A\" }}"),
              "line 1, column 12: a function within an action stands in parentheses: (env ...)");
}

TEST(Templates, AreBounded) {
    std::string deep;
    std::string nested = "{{ ";
    for (int i = 0; i < 40; ++i) deep += "{{ if true }}";
    EXPECT_EQ(rendered(deep), "line 1, column 432: the template is nested deeper than 32 levels");
    for (int i = 0; i < 4000; ++i) nested += "(not ";
    EXPECT_THAT(rendered(nested), testing::HasSubstr("nested deeper than 32 levels"));
    std::string chain = "{{ if true }}";
    for (int i = 0; i < 5000; ++i) chain += "{{ else if true }}";
    EXPECT_THAT(rendered(chain), testing::HasSubstr("nested deeper"));
    EXPECT_THAT(rendered(std::string(kMaxSource + 1, 'x')), testing::HasSubstr("larger than 256 KiB"));
    std::string loops;
    for (int i = 0; i < 24; ++i) loops += "{{ range var \"app\" }}";
    for (int i = 0; i < 24; ++i) loops += "{{ end }}";
    EXPECT_THAT(rendered(loops), testing::HasSubstr("more than 1000000 steps"));
    Fake big;
    big.texts[{Source::env, "BIG", ""}] = std::string(kMaxOutput / 2 + 1, 'x');
    EXPECT_THAT(rendered("{{ env \"BIG\" }}{{ env \"BIG\" }}", big), testing::HasSubstr("more than 1 MiB"));
}

TEST(Templates, NoTextMakesTheCompilerLieOrDie) {
    const std::string parts[] = {"{{",   "}}",     " ",   "-",     "\"",  "`",      "(",    ")",      "|",
                                 ".key", ".value", "if ", "else ", "end", "range ", "var ", "\"a\" ", "env ",
                                 "or ",  "\n",     "x",   "/*",    "*/",  "\\",     "\xff"};
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 24; n > 0; --n) text += parts[random() % std::size(parts)];
        EXPECT_EQ(fuzz_template(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
    }
}

}  // namespace
}  // namespace drover::templating
