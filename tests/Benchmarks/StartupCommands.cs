using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>How soon commands of the hub answer, beside a .NET process that does nothing.</summary>
internal static class StartupCommands
{
    /// <summary>What makes this program do nothing.</summary>
    public const string Nothing = "nothing";

    public static async Task RunAsync(string hub, PluginFarm farm, int rounds)
    {
        await using var running = HubRun.Start(hub, Repository.At("plugins.json"), farm.NewDataFolder(), null);
        await running.UntilReadyAsync();
        Command[] commands =
        [
            new("a .NET process that does nothing", [typeof(StartupCommands).Assembly.Location, Nothing]),
            new("hub --version", [hub, "--version"]),
            new("hub plugin --help", [hub, "plugin", "--help"]),
            new("hub plugin validate (SendGrid's manifest, 46 KB)", [hub, "plugin", "validate", Repository.At("plugins", "sendgrid")]),
            new("hub plugin list (of a hub with six)", [hub, "plugin", "list", "--hub", running.Address.ToString()]),
        ];

        // The first of each warms up.
        for (var round = 0; round <= 2 * rounds; round++)
        {
            foreach (var command in commands)
            {
                var took = await TimeAsync(command, running.AdminKey);
                if (round > 0)
                    command.Took.Add(took);
            }
        }

        Console.Error.WriteLine("commands measured");
        Console.WriteLine();
        Console.WriteLine(hub);
        Console.WriteLine();
        Console.WriteLine("| command | median | fastest to slowest | to nothing |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var command in commands)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {command.Name} | {command.Median:0} ms | {command.Took.Min():0} to {command.Took.Max():0} ms | {command.Median / commands[0].Median:0.00}× |"));

        Console.WriteLine();
    }

    private static async Task<double> TimeAsync(Command command, string key)
    {
        var start = new ProcessStartInfo("dotnet", command.Arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["HUB_API_KEY"] = key } };
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var took = clock.Elapsed.TotalMilliseconds;
        var texts = await output;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command.Name} ended with {process.ExitCode}: {string.Join('\n', texts)}");

        return took;
    }

    private sealed record Command(string Name, string[] Arguments)
    {
        public List<double> Took { get; } = [];

        public double Median => Machine.Median(Took);
    }
}
