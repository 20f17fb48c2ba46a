using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>A stateful stand-in for a vendor, written by others (<c>emulate</c>), that sends signed webhooks to an address.</summary>
internal sealed class Emulator : IAsyncDisposable
{
    private readonly NodeProcess process;
    private readonly string seed;

    private Emulator(NodeProcess process, string address, string seed)
    {
        this.process = process;
        this.seed = seed;
        Address = address;
    }

    public string Address { get; }

    public static async Task<Emulator> StartAsync(string service, string seed)
    {
        await NodePackages.RequireAsync();
        var file = Path.Combine(Path.GetTempPath(), $"hub-emulator-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, seed);
        var port = NodeProcess.FreePort();
        try
        {
            var process = await NodeProcess.StartAsync(NodePackages.Program("emulate"), ["start", "--service", service, "--port", $"{port}", "--seed", file], port);
            return new Emulator(process, $"http://127.0.0.1:{port}", file);
        }
        catch
        {
            File.Delete(file);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        File.Delete(seed);
    }
}
