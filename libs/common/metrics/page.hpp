// Page: the values of a service's metrics at one moment, as Prometheus reads them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/catalog.hpp"
#include "metrics/histogram.hpp"

namespace drover::metrics {

class Page {
   public:
    // Of one metric; what is added beyond is left out and counted on the page.
    static constexpr std::size_t kMaxSeries = 5000;

    // Label values in the order of the metric's labels. Values with the same labels are added up.
    using Labels = std::initializer_list<std::string_view>;
    void add(const Metric& metric, Labels labels, double value);
    void add(const Metric& metric, Labels labels, const Histogram& histogram);
    void add(const Metric& metric, double value) { add(metric, {}, value); }

    // Text format 0.0.4, in the catalog's order.
    std::string text() const;

    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

   private:
    struct Family {
        std::map<std::string, double> values;  // by rendered labels
        std::map<std::string, Histogram> histograms;
    };
    bool has_room(std::size_t series, bool known);

    std::map<const Metric*, Family> families_;  // by place in the catalog
    std::uint64_t left_out_ = 0;
};

}  // namespace drover::metrics
