using System.Globalization;

namespace IntegrationHub.Benchmarks;

/// <param name="Seconds">How long each measurement takes.</param>
/// <param name="Connections">How many requests are in flight.</param>
/// <param name="Warmup">Seconds of the same load before the first measurement.</param>
/// <param name="Rounds">How often baseline and hub take turns.</param>
/// <param name="Stored">How many events are stored before it is measured once more; none for not at all.</param>
internal sealed record BenchmarkOptions(int Seconds = 10, int Connections = 64, int Warmup = 8, int Rounds = 3, int Stored = 0)
{
    /// <summary>Builds of the hub to compare, each a hub.dll; empty for the one at hand.</summary>
    public IReadOnlyList<string> Hubs { get; init; } = [];

    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            if (args[i] == "--hub")
            {
                options = options with { Hubs = [.. options.Hubs, args[i + 1]] };
                continue;
            }

            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            options = args[i] switch
            {
                "--seconds" => options with { Seconds = value },
                "--connections" => options with { Connections = value },
                "--rounds" => options with { Rounds = value },
                "--stored" => options with { Stored = value },
                "--warmup" => options with { Warmup = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }
}
