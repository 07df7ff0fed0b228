//! Solvers of the time when their algorithm was an enum's value, and nets of the older formats within solvers.

use super::{Problem, diagnose, upgrade_in_place};
use crate::dialect::Dialect;
use crate::error::{Refusal, Result};
use crate::net::{Locator, Origin};
use crate::proto::caffe::SolverParameter;
use crate::proto::caffe::solver_parameter::SolverType;

/// Upgrades the solver in place and says what was changed, in a line each.
///
/// # Errors
/// The algorithm is given in both forms, or a net within cannot be upgraded.
pub(super) fn upgrade(
    solver: &mut SolverParameter,
    dialect: &'static Dialect,
    locator: &Locator,
) -> Result<Vec<String>> {
    let mut changes = upgrade_type(solver, locator)?.into_iter().collect();
    upgrade_nets(solver, dialect, locator, &mut changes)?;
    Ok(changes)
}

/// Makes `type` of `solver_type`.
///
/// # Errors
/// Both are given.
pub(in crate::net) fn upgrade_type(solver: &mut SolverParameter, locator: &Locator) -> Result<Option<String>> {
    let Some(number) = solver.solver_type else { return Ok(None) };
    let problem = |message: String, help: &str| {
        let origin = Origin { field: "solver_type", index: 0 };
        diagnose(&Problem { origin, refusal: Refusal::new(message).help(help) }, locator)
    };
    if solver.r#type.is_some() {
        return Err(problem("type is given as well".to_owned(), "remove solver_type, the older of the two"));
    }
    let old = SolverType::try_from(number)
        .map_err(|_| problem(format!("there is no algorithm {number}"), "give the algorithm's name in type"))?;
    let name = type_name(old);
    solver.solver_type = None;
    solver.r#type = Some(name.to_owned());
    Ok(Some(format!("solver_type: {} became type: {name:?}", old.as_str_name())))
}

fn type_name(old: SolverType) -> &'static str {
    match old {
        SolverType::Sgd => "SGD",
        SolverType::Nesterov => "Nesterov",
        SolverType::Adagrad => "AdaGrad",
        SolverType::Rmsprop => "RMSProp",
        SolverType::Adadelta => "AdaDelta",
        SolverType::Adam => "Adam",
    }
}

fn upgrade_nets(
    solver: &mut SolverParameter,
    dialect: &'static Dialect,
    locator: &Locator,
    changes: &mut Vec<String>,
) -> Result<()> {
    let single = [("net_param", &mut solver.net_param), ("train_net_param", &mut solver.train_net_param)];
    let single = single.into_iter().filter_map(|(field, net)| Some((field, 0, net.as_mut()?)));
    let tests = solver.test_net_param.iter_mut().enumerate().map(|(index, net)| ("test_net_param", index, net));
    for (field, index, net) in single.chain(tests) {
        let changed = upgrade_in_place(net, dialect, &locator.within(field, index))?;
        changes.extend(changed.into_iter().map(|change| format!("{field}: {change}")));
    }
    Ok(())
}
