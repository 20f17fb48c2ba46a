namespace IntegrationHub.Host.Cli;

/// <summary>What a command tells the shell when it ends. Documented in docs/cli.md; scripts rely on it.</summary>
internal static class CliExitCodes
{
    public const int Ok = 0;

    /// <summary>The command did its work, and there is something wrong with a plugin.</summary>
    public const int Findings = 1;

    /// <summary>The command line, or something on this machine that it needs, is not as it must be.</summary>
    public const int Usage = 2;

    /// <summary>The hub could not be reached, or refused.</summary>
    public const int Hub = 3;

    /// <summary>A fault of the program (EX_SOFTWARE of sysexits.h, as for the server).</summary>
    public const int Internal = 70;
}
