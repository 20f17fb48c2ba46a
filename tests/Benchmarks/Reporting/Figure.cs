using System.Globalization;
using System.Text.Json.Serialization;

namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>One figure that a benchmark came to.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">How much it was, the median where there were rounds.</param>
/// <param name="Unit">Of the value and of the baseline.</param>
internal sealed record Figure(string Name, double Value, string Unit)
{
    /// <summary>What the bare thing beside it came to in the same run.</summary>
    public double? Baseline { get; init; }

    /// <summary>The value by the baseline; of rounds, the median of their ratios.</summary>
    public double? Ratio { get; init; }

    /// <summary>What was aimed at.</summary>
    public Limit? Limit { get; init; }

    public FigureKind Kind { get; init; }

    /// <summary>What it means, for who reads the report.</summary>
    public string Meaning { get; init; } = "";

    /// <summary>Whether it is within its limit; <see langword="null"/> without one.</summary>
    [JsonIgnore]
    public bool? IsWithin => Limit is not { } limit ? null : limit.Allows((limit.OfRatio ? Ratio : Value) ?? double.NaN);

    public static Figure Against(string name, double value, double baseline, string unit) => new(name, value, unit) { Baseline = baseline, Ratio = value / baseline };

    /// <summary>Events that were acknowledged and are gone: none is allowed.</summary>
    public static Figure Lost(long count, string what = "lost") => new(what, count, "events") { Kind = FigureKind.Loss, Limit = Limit.None };

    /// <summary>What was stored or delivered more than once: none is allowed.</summary>
    public static Figure Doubled(long count, string what = "doubled") => new(what, count, "events") { Kind = FigureKind.Duplicate, Limit = Limit.None };
}

internal enum FigureKind
{
    Measure,
    Loss,
    Duplicate,
}

/// <summary>What a figure shall keep.</summary>
/// <param name="Bound">The limit itself.</param>
/// <param name="AtLeast">Whether it is the least; else the most.</param>
/// <param name="OfRatio">Whether it is about the ratio instead of the value.</param>
internal sealed record Limit(double Bound, bool AtLeast, bool OfRatio)
{
    public static Limit None { get; } = new(0, AtLeast: false, OfRatio: false);

    public static Limit Least(double bound) => new(bound, AtLeast: true, OfRatio: false);

    public static Limit Most(double bound) => new(bound, AtLeast: false, OfRatio: false);

    public static Limit LeastRatio(double bound) => new(bound, AtLeast: true, OfRatio: true);

    public static Limit MostRatio(double bound) => new(bound, AtLeast: false, OfRatio: true);

    public bool Allows(double value) => AtLeast ? value >= Bound : value <= Bound;

    public string Describe(string unit) => string.Create(
        CultureInfo.InvariantCulture, $"{(AtLeast ? "at least" : "at most")} {(OfRatio ? $"{Bound:0.##} of the baseline" : $"{Bound:#,0.##} {unit}".TrimEnd())}");
}
