// What a driver says that its task uses, as a sample of ours.
#pragma once

#include "driver-manager/stats/meter.hpp"
#include "wire/driver.hpp"

namespace drover::stats {

// `before`: the sample before, of any start; with a default `at` there was none.
wire::TaskUsage by_word(Instant now, const wire::DriverTaskUsage& word, const RunningTask& task,
                        const wire::TaskUsage& before);

}  // namespace drover::stats
