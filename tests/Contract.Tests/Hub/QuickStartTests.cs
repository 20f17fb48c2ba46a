using System.Diagnostics;
using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>The README's commands, typed as they are written.</summary>
public sealed partial class QuickStartTests
{
    [SkippableFact]
    public async Task QuickStart_TypedAsWritten_ConnectsRunsAndReceives()
    {
        Require.Program("bash");
        Require.Program("curl");
        Require.Program("openssl");

        var folder = Directory.CreateTempSubdirectory("hub-quickstart-").FullName;
        var data = Path.Combine(folder, "data");
        await using var hub = await HubProcess.StartAsync(data, variables: new Dictionary<string, string> { ["HUB_ADMIN_KEY"] = "" }, asTyped: true);

        // The port is the one thing that a test cannot leave as it stands: several may run at once.
        var readme = await File.ReadAllTextAsync(Repository.At("README.md"));
        var section = readme[readme.IndexOf("## Quick start", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 5, StringComparison.Ordinal)];
        var commands = string.Join('\n', CodeBlock().Matches(section).Select(match => match.Groups[1].Value))
            .Replace("http://127.0.0.1:5080", hub.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
        Assert.NotEmpty(commands);

        using var shell = Process.Start(new ProcessStartInfo("bash", ["-eu", "-o", "pipefail", "-c", commands])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = shell.StandardError.ReadToEndAsync();
        var printed = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();

        Assert.True(shell.ExitCode == 0, printed + await errors);
        Assert.Contains("\"webhookUrl\"", printed, StringComparison.Ordinal);
        Assert.Contains("\"result\":{\"id\":\"pi_", printed.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("\"type\":\"stripe.payment_intent.succeeded\"", printed.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains($"Plugins     {Directory.GetFiles(Repository.At("plugins"), "manifest.json", SearchOption.AllDirectories).Count(file => !file.Contains("/bin/", StringComparison.Ordinal))} loaded", hub.Output, StringComparison.Ordinal);
        Assert.Contains("Admin key   made just now", hub.Output, StringComparison.Ordinal);
        await hub.StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
