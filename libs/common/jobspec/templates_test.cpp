// Templates in a job file: what is taken, and what is wrong with the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobspec/parse.hpp"

namespace drover::jobspec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Parsed parsed_task(const std::string& templates) {
    return parse("job: a\ngroups:\n- name: g\n  tasks:\n  - name: t\n    driver: mock\n    templates:\n" + templates,
                 "f");
}

std::vector<std::string> template_problems(const std::string& templates) {
    std::vector<std::string> out;
    for (const Problem& problem : parsed_task(templates).problems) out.push_back(to_string(problem));
    return out;
}

TEST(JobspecTemplates, EveryFieldArrives) {
    const Parsed parsed = parsed_task(R"(
    - { destination: local/a, data: '{{ env "A" }}' }
    - destination: secrets/b
      source: /etc/b.tmpl
      perms: "0600"
      env: true
      change_mode: script
      change_script: { command: /bin/reload, args: [now], timeout: 1s }
      splay: 30s
      on_stale: stop
      stale_after: 1h
)");
    ASSERT_TRUE(parsed.job) << to_string(parsed.problems.at(0));
    const auto& templates = parsed.job->groups[0].tasks[0].templates;
    ASSERT_EQ(templates.size(), 2U);
    wire::Template plain;
    plain.destination = "local/a";
    plain.data = "{{ env \"A\" }}";
    EXPECT_EQ(templates[0], plain);
    const wire::Template full = {"",          "/etc/b.tmpl",
                                 "secrets/b", 0600,
                                 true,        wire::ChangeMode::script,
                                 "",          wire::Script{"/bin/reload", {"now"}, seconds(1)},
                                 seconds(30), wire::OnStale::stop,
                                 hours(1)};
    EXPECT_EQ(templates[1], full);
}

TEST(JobspecTemplates, AMistakeInTheTextHasItsPlaceAndTheNearestName) {
    EXPECT_THAT(template_problems("    - { destination: local/a, data: \"x\\n {{ vra `a` `b` }}\" }\n"),
                ElementsAre("f:8:37: groups[0].tasks[0].templates[0].data: line 2, column 5 of the text: there is no "
                            "function vra; did you mean var?"));
}

TEST(JobspecTemplates, ATextIsGivenOnce) {
    EXPECT_THAT(template_problems("    - { destination: local/a }\n"),
                ElementsAre(HasSubstr("needs data, its text, or source")));
    EXPECT_THAT(template_problems("    - { destination: local/a, data: x, source: /y }\n"),
                ElementsAre(HasSubstr("has data and source; keep one of them")));
    EXPECT_THAT(template_problems("    - { destination: local/a, data: '' }\n"), IsEmpty());
    EXPECT_THAT(template_problems("    - { destination: local/a, source: ../y }\n"),
                ElementsAre(HasSubstr("neither an absolute")));
}

TEST(JobspecTemplates, DestinationsStayBelowTheTasksDirectoryAndDiffer) {
    for (const std::string path : {"/etc/x", "../x", "local/../../x", "''", "local/", "\"a\\nb\""}) {
        EXPECT_THAT(template_problems("    - { data: x, destination: " + path + " }\n"),
                    ElementsAre(HasSubstr("no file below the task's directory")))
            << path;
    }
    EXPECT_THAT(template_problems("    - { data: x, destination: a }\n    - { data: y, destination: a }\n"),
                ElementsAre(HasSubstr("templates[1].destination: another template is written to a")));
    EXPECT_THAT(template_problems("    - { data: x }\n"), ElementsAre(HasSubstr("destination: is required")));
}

TEST(JobspecTemplates, AChangeModeHasWhatItNeedsAndNothingElse) {
    const auto with = [](const std::string& fields) {
        return template_problems("    - { data: x, destination: a, " + fields + " }\n");
    };
    EXPECT_THAT(with("change_mode: signal"), ElementsAre(HasSubstr("change_signal: is required")));
    EXPECT_THAT(with("change_mode: signal, change_signal: SIGHPU"), ElementsAre(HasSubstr("did you mean SIGHUP?")));
    EXPECT_THAT(with("change_signal: SIGHUP"), ElementsAre(HasSubstr("change_mode is not signal")));
    EXPECT_THAT(with("change_mode: script"), ElementsAre(HasSubstr("change_script: is required")));
    EXPECT_THAT(with("change_script: { command: /bin/x }"), ElementsAre(HasSubstr("change_mode is not script")));
    EXPECT_THAT(with("change_mode: signal, change_signal: SIGHUP"), IsEmpty());
    EXPECT_THAT(with("change_mode: reload"), ElementsAre(HasSubstr("change_mode")));
}

TEST(JobspecTemplates, PermissionsAreOctal) {
    for (const std::string perms : {"'0888'", "rw", "'4755'", "[1]"}) {
        EXPECT_THAT(template_problems("    - { data: x, destination: a, perms: " + perms + " }\n"),
                    ElementsAre(HasSubstr("expected permissions in octal")))
            << perms;
    }
}

}  // namespace
}  // namespace drover::jobspec
