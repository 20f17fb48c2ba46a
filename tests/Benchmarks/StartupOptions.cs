using System.Globalization;

namespace IntegrationHub.Benchmarks;

/// <param name="Rounds">How many times each scenario is started; the median counts.</param>
/// <param name="Manifests">Manifest-only plugins to generate.</param>
/// <param name="Code">Code plugins to generate.</param>
/// <param name="Hubs">The hub.dll files to start, in turns, such as an older one and a newer one, or that of a publish; by default the one built along.</param>
internal sealed record StartupOptions(int Rounds, int Manifests, int Code, IReadOnlyList<string> Hubs)
{
    public static StartupOptions Parse(string[] args)
    {
        var options = new StartupOptions(5, 200, PluginFarm.MaxCode, []);
        if (args.Length % 2 != 0)
            throw new ArgumentException($"{args[^1]} lacks a value.");

        for (var i = 0; i < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = Number(args[i], args[i + 1], 1, 1000) },
                "--manifests" => options with { Manifests = Number(args[i], args[i + 1], 1, 1000) },
                "--code" => options with { Code = Number(args[i], args[i + 1], 1, PluginFarm.MaxCode) },
                "--hub" => options with { Hubs = [.. options.Hubs, Path.GetFullPath(args[i + 1])] },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options.Hubs.Count > 0 ? options : options with { Hubs = [Path.Combine(AppContext.BaseDirectory, "hub.dll")] };
    }

    private static int Number(string option, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{option} takes a number from {least} to {most}.");
}
