using IntegrationHub.Host.Cli;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Cli;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Encryption;

/// <summary>Through the whole hub: its API and its command line.</summary>
public sealed class EncryptionApiTests : IAsyncLifetime
{
    private readonly RealHub hub = new();

    public Task InitializeAsync() => hub.InitializeAsync();

    [Fact]
    public async Task Rotate_ThenStatus_SaysWhereItStands_AndASecondOneWaits()
    {
        using var admin = await hub.AdminAsync();
        var before = await admin.SendAsync("GET", "/api/encryption");
        Assert.Equal(("file", "true"), (before["source"], before["canRotate"]));
        Assert.Equal("idle", before.Json.GetProperty("rotation").GetProperty("state").GetString());

        var rotated = await admin.SendAsync("POST", "/api/encryption/rotate");

        Assert.Equal(202, rotated.Status);
        var former = before.Json.GetProperty("current").GetProperty("id").GetString()!;
        var current = rotated.Json.GetProperty("current").GetProperty("id").GetString()!;
        Assert.NotEqual(former, current);
        Assert.Equal(409, (await admin.SendAsync("POST", "/api/encryption/rotate")).Status);

        // The hub's own keys are new as well, and what they sealed before still opens.
        Assert.Equal(2, hub.Services.GetRequiredServiceOf<KeyRing>().All(KeyRing.Payloads).Count);
        Assert.True((await admin.SendAsync("GET", "/api/audit/verify")).Json.GetProperty("ok").GetBoolean());
        var audit = (await admin.SendAsync("GET", "/api/audit?limit=20")).Text;
        Assert.Contains("encryption.rotation_requested", audit, StringComparison.Ordinal);
        Assert.Contains("encryption.rotated", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_KeysAreNowhereButInTheKeyFile()
    {
        using var admin = await hub.AdminAsync();
        await admin.SendAsync("POST", "/api/encryption/rotate");

        var file = Path.Combine(hub.Data, KeyFileSource.FileName);
        var texts = (await File.ReadAllLinesAsync(file)).Where(line => line.Length > 0 && line[0] != '#').ToList();
        Assert.Equal(2, texts.Count);
        foreach (var other in Directory.EnumerateFiles(hub.Data, "*", SearchOption.AllDirectories).Where(path => path != file && !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            await using var stream = new FileStream(other, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content);
            foreach (var text in texts)
            {
                Assert.True(content.ToArray().AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text)) < 0, other);
                Assert.True(content.ToArray().AsSpan().IndexOf(Convert.FromBase64String(text)) < 0, other);
            }
        }
    }

    [Fact]
    public async Task Command_StatusAndRotate_TalkToTheHub()
    {
        var key = Path.Combine(hub.Data, "cli.key");
        using var bootstrap = hub.Bootstrap();
        await File.WriteAllTextAsync(key, (await bootstrap.SendAsync("POST", "/api/keys", """{"name":"cli","role":"admin"}"""))["key"]);

        var status = await CliHarness.RunAsync("keys", "status", "--hub", hub.Address, "--key-file", key);
        Assert.True(status.Code == CliExitCodes.Ok, status.Error);
        Assert.Contains("Master key ", status.Out, StringComparison.Ordinal);
        Assert.Contains("No rotation is under way.", status.Out, StringComparison.Ordinal);

        var rotated = await CliHarness.RunAsync("keys", "rotate", "--hub", hub.Address, "--key-file", key);
        Assert.True(rotated.Code == CliExitCodes.Ok, rotated.Error);
        Assert.Contains("Back it up now", rotated.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrapped anew so far", rotated.Out, StringComparison.Ordinal);

        var again = await CliHarness.RunAsync("keys", "rotate", "--json", "--hub", hub.Address, "--key-file", key);
        Assert.Equal(CliExitCodes.Hub, again.Code);
        Assert.Equal("conflict", again.Json.GetProperty("error").GetProperty("code").GetString());
        var json = await CliHarness.RunAsync("keys", "status", "--json", "--hub", hub.Address, "--key-file", key);
        Assert.True(json.Json.GetProperty("ok").GetBoolean());
        Assert.Equal("file", json.Json.GetProperty("encryption").GetProperty("source").GetString());
    }

    public Task DisposeAsync() => hub.DisposeAsync();
}

internal static class ServicesOf
{
    public static T GetRequiredServiceOf<T>(this IServiceProvider services)
        where T : notnull => (T)services.GetService(typeof(T))!;
}
