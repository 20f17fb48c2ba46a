using System.Globalization;

namespace IntegrationHub.Benchmarks;

/// <param name="Rounds">How many times each scenario is started; the median counts.</param>
/// <param name="Manifests">Manifest-only plugins to generate.</param>
/// <param name="Code">Code plugins to generate.</param>
/// <param name="Hub">The hub.dll to start, such as that of a publish; by default the one built along.</param>
internal sealed record StartupOptions(int Rounds = 5, int Manifests = 200, int Code = 50, string? Hub = null)
{
    public static StartupOptions Parse(string[] args)
    {
        var options = new StartupOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = Number(args[i + 1]) },
                "--manifests" => options with { Manifests = Number(args[i + 1]) },
                "--code" => options with { Code = Number(args[i + 1]) },
                "--hub" => options with { Hub = Path.GetFullPath(args[i + 1]) },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
