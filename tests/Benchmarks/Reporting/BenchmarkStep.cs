namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>One benchmark of those that run together.</summary>
/// <param name="Name">The command that runs it alone.</param>
/// <param name="About">What it is about, for the report.</param>
/// <param name="Full">Its options; empty for its defaults.</param>
/// <param name="Quick">Its options when there is little time.</param>
/// <param name="FullSeconds">About how long it takes.</param>
/// <param name="QuickSeconds">The same when there is little time.</param>
internal sealed record BenchmarkStep(string Name, string About, string Full, string Quick, int FullSeconds, int QuickSeconds)
{
    private const int PatienceFactor = 8;
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<BenchmarkStep> All { get; } =
    [
        new("ingest", "Webhooks that are new: verified, deduplicated, sealed and on disk before they are acknowledged.", "", "--rounds 1 --seconds 3 --warmup 3", 110, 25),
        new("dedupe", "The same webhooks sent again: recognised, acknowledged, neither stored nor delivered.", "", "--rounds 1 --seconds 3 --warmup 3", 170, 30),
        new("delivery", "A backlog of signed events sent to one endpoint.", "", "--seconds 3", 40, 20),
        new("end-to-end", "From the provider's POST to the subscriber's receipt, at a steady rate.", "", "--seconds 4 --warmup 4 --rate 500", 50, 25),
        new("storage", "Bytes on disk for each event, and what a purge gives back.", "", "--events 10000", 240, 60),
        new("retention", "Webhooks taken beside a purge.", "", "--seconds 4 --warmup 3", 140, 100),
        new("routing", "The subscriptions of an event among 10,000, and one of them changed.", "", "", 45, 45),
        new("overhead", "What the hub adds to a call of an operation.", "", "--rounds 1 --seconds 2 --warmup 3", 460, 50),
        new("isolation", "A provider that hangs beside one that does not.", "", "--rounds 1 --seconds 4 --warmup 4 --refused 200 --hanging 200", 450, 120),
        new("guard", "The boundary around a plugin with code.", "", "--calls 20000", 90, 20),
        new("startup", "How soon the hub is ready, without plugins, with some, and with many.", "", "--rounds 1 --manifests 20 --code 5", 240, 60),
        new("crash", "Kills without warning under load: nothing acknowledged may be lost.", "", "--kills 10", 340, 45),
        new("faults", "What goes wrong around a hub, done to a real one.", "", "torn-log batch", 420, 60),
    ];

    public string[] Arguments(bool quick) => [Name, .. (quick ? Quick : Full).Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    public TimeSpan Expected(bool quick) => TimeSpan.FromSeconds(quick ? QuickSeconds : FullSeconds);

    /// <summary>After this it hangs.</summary>
    public TimeSpan Patience(bool quick) => Expected(quick) * PatienceFactor is var much && much > LeastPatience ? much : LeastPatience;
}

/// <summary>What became of one.</summary>
/// <param name="Step">Which.</param>
/// <param name="Arguments">How it was run.</param>
/// <param name="Took">How long.</param>
/// <param name="Load">How busy the machine was before.</param>
/// <param name="Figures">What it came to.</param>
/// <param name="Failure">What was wrong; <see langword="null"/> for nothing.</param>
/// <param name="Log">The file with all that it wrote.</param>
internal sealed record StepResult(BenchmarkStep Step, IReadOnlyList<string> Arguments, TimeSpan Took, string Load, IReadOnlyList<Figure> Figures, string? Failure, string Log);
