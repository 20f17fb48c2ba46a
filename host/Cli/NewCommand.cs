using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

/// <summary><c>hub plugin new</c>: <c>dotnet new intg-plugin</c> with the template and the packages that this hub came with.</summary>
internal static class NewCommand
{
    private const string TemplatePackage = "IntegrationHub.Templates";
    private const string Template = "intg-plugin";

    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The provider's name." };
        var kind = Choice("--kind", "What runs the operations: the hub, as the manifest says, or code of yours.", "manifest", "code");
        var auth = Choice("--auth", "How the provider knows who calls.", "api_key", "basic", "bearer", "oauth2", "none");
        var webhooks = Choice("--webhooks", "How the provider signs its webhooks.", "hmac", "standard", "token", "none");
        var languages = new Option<string?>("--languages") { Description = "The languages of the texts that people read, with ; between them: \"en;ar\".", HelpName = "LIST" };
        var output = new Option<string?>("--output", "-o") { Description = "The folder to make it in. Default: one of its name in the working folder.", HelpName = "DIR" };
        var command = new Command("new", "Make a plugin project: manifest, simulator answers, vendor description, tests with the conformance kit, README. Needs the .NET SDK.")
        {
            name, kind, auth, webhooks, languages, output,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            List<string> arguments = ["new", Template, "--name", parsed.GetRequiredValue(name)];
            foreach (var option in (Option<string?>[])[kind, auth, webhooks])
                if (parsed.GetValue(option) is { } value)
                    arguments.AddRange([option.Name, value]);

            foreach (var language in (parsed.GetValue(languages) ?? "").Split([';', ',', '|'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                arguments.AddRange(["--languages", language]);

            var folder = Path.GetFullPath(parsed.GetValue(output) ?? parsed.GetRequiredValue(name));
            return RunAsync(terminal, arguments, folder, cancellationToken);
        });
        return command;
    }

    private static Option<string?> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    private static async Task<int> RunAsync(Terminal terminal, List<string> arguments, string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw CliException.Usage("file", $"The folder '{folder}' is not empty.", "Name another with -o: nothing is ever overwritten.");

        var dotnet = await SdkAsync(cancellationToken);
        if (PackageFolder() is { } packages)
        {
            var template = Directory.GetFiles(packages, TemplatePackage + ".*.nupkg").Order(StringComparer.Ordinal).Last();
            terminal.Note($"template from {template}");
            var installed = await RunAsync(dotnet, ["new", "install", template, "--force"], cancellationToken);
            if (installed.Code != 0)
                throw CliException.Usage("template", $"The template cannot be installed: {installed.Said}", $"Try: dotnet new install {template} --force");

            arguments.AddRange(["--packages", packages]);
        }

        var made = await RunAsync(dotnet, [.. arguments, "--output", folder], cancellationToken);
        if (made.Code != 0)
        {
            throw CliException.Usage(
                "template",
                $"dotnet new {Template} failed: {made.Said}",
                PackageFolder() is null ? $"This hub comes without its packages (the folder sdk beside the program). Install the template first: dotnet new install {TemplatePackage}" : null);
        }

        terminal.Say($"Made {FindingWriter.Short(folder)}. Its README says how to go on; at any time:");
        terminal.Say($"  hub plugin validate {FindingWriter.Short(folder)}");
        terminal.Say($"  hub plugin certify {FindingWriter.Short(folder)}");
        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = true, ["folder"] = folder });

        return CliExitCodes.Ok;
    }

    /// <summary>Where this hub's packages for authors are: <c>sdk</c> beside a published hub, <c>artifacts/packages</c> of a checkout that it was built in.</summary>
    private static string? PackageFolder()
    {
        IEnumerable<string> places = [Path.Combine(AppContext.BaseDirectory, "sdk")];
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Hub.sln")))
                places = places.Append(Path.Combine(folder.FullName, "artifacts", "packages"));

        return places.FirstOrDefault(folder => Directory.Exists(folder) && Directory.EnumerateFiles(folder, TemplatePackage + ".*.nupkg").Any());
    }

    private static async Task<string> SdkAsync(CancellationToken cancellationToken)
    {
        const string Hint = "Get it from https://dotnet.microsoft.com/download. Without it, a plugin by manifest alone can be written by hand: see docs/manifest.md.";
        if (OwnProgram.Dotnet() is not { } dotnet)
            throw CliException.Usage("no_sdk", "This needs the .NET 10 SDK, and there is no dotnet command on this machine.", Hint);

        var sdks = await RunAsync(dotnet, ["--list-sdks"], cancellationToken);
        return sdks.Code == 0 && sdks.Said.Length > 0
            ? dotnet
            : throw CliException.Usage("no_sdk", "This needs the .NET 10 SDK, and this machine has only the runtime.", Hint);
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" },
            },
        };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        var said = string.Join(" ", (await errors + "\n" + await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return (process.ExitCode, said);
    }
}
